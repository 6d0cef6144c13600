import { afterEach, expect, test } from "vitest";

import { startFakeGitHub } from "../../test/github/fake-github.ts";
import {
  deliveriesBy,
  FIRST,
  openScene,
  ORCA,
  REPO,
  refusal,
  type Scene,
  TOKEN,
} from "../../test/github/scene.ts";
import { createGitHubPrAction } from "./github-pr/github-pr-action.ts";
import { createGitHubRepoAction } from "./github-repo/github-repo-action.ts";
import { createRepoCommitAction } from "./repo-commit/repo-commit-action.ts";

const scenes: Pick<Scene, "fake">[] = [];
async function scene() {
  const opened = await openScene();
  scenes.push(opened);
  return { ...opened, action: createGitHubPrAction(opened.parts) };
}
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const BRANCH = "orca/gru-e-fur-alle-a-greeter-4f2a91c0";
const config = { repo: REPO };
const { delivery, again } = deliveriesBy("github-pr");

test("the links of all three actions lead to what they name", async () => {
  const { parts } = await scene();
  const fake = await startFakeGitHub({ pages: true });
  scenes.push({ fake });
  fake.world.tokens.set(TOKEN, ORCA);
  const repository = fake.world.createRepository("orca-bot/site", { files: { "README.md": "# Site\n" } });
  const comment_on = repository.openIssue();
  const github = { ...parts, apiUrl: fake.origin, webUrl: `${fake.web}/` };
  const repo = "orca-bot/site";
  const receipts = [
    await createGitHubPrAction(github).deliver({ repo, comment_on }, delivery(FIRST)),
    await createRepoCommitAction(github).deliver({ repo }, deliveriesBy("repo-commit").delivery(FIRST)),
    await createGitHubRepoAction(github).deliver(
      { name: "new" },
      deliveriesBy("github-repo").delivery(FIRST),
    ),
  ];
  const links = receipts.flatMap((receipt) => receipt.links);
  expect(links).toHaveLength(5);
  for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200]);
});

test("a repository that is too large to be listed is looked at where it matters", async () => {
  const { action, fake, seen } = await scene();
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`lib/${index}/a.js`, "a\n"]));
  fake.world.humanCommit(REPO, "main", { ...many, "src/Twin.js": "theirs\n" });
  fake.world.repository(REPO).most_listed = 20;
  await action.deliver(config, delivery({ ...FIRST, "lib/7/a.js": "b\n" }));
  expect(seen().branches[BRANCH]!.files).toMatchObject({ ...many, ...FIRST, "lib/7/a.js": "b\n" });
  const error = await refusal(action.deliver(config, again({ ...FIRST, "src/twin.js": "ours\n" })));
  expect(error.message).toContain("src/Twin.js");
});

test("long files and many files arrive as they are, and what is executable or no file of text stays", async () => {
  const { action, fake, seen } = await scene();
  const repository = fake.world.repository(REPO);
  const blob = repository.objects.writeBlob(Buffer.from("#!/bin/sh\n"));
  const files = repository.objects.filesOf(
    repository.objects.commits.get(repository.branches.get("main")!)!.tree,
  );
  files.set("run.sh", { mode: "100755", sha: blob }).set("link", { mode: "120000", sha: blob });
  files.set("module", { mode: "160000", sha: "1".repeat(40) });
  repository.commitFiles("main", files, "Modes");
  const long = "é\r\n\u0000\ufeff".repeat(250_000);
  const many = Object.fromEntries(
    Array.from({ length: 900 }, (_, index) => [`f/${index}.txt`, `${index}\n`]),
  );
  await action.deliver(config, delivery({ ...many, "long.txt": long, "run.sh": "#!/bin/sh\nexit 0\n" }));
  const { tree } = repository.objects.commits.get(repository.branches.get(BRANCH)!)!;
  const after = repository.objects.filesOf(tree);
  expect(["run.sh", "link", "module"].map((path) => after.get(path)!.mode)).toEqual([
    "100755",
    "120000",
    "160000",
  ]);
  expect(seen().branches[BRANCH]!.files).toMatchObject({ ...many, "long.txt": long });
  expect(fake.effects("blob")).toHaveLength(1);
  expect(fake.effects("tree").length).toBeLessThan(5);
});
