import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import {
  deliveriesBy,
  FIRST,
  openScene,
  REPO,
  refusal,
  type Scene,
  secret,
} from "../../../test/github/scene.ts";
import { deliveryActionSuite } from "../delivery-action.testsuite.ts";
import { createRepoCommitAction } from "./repo-commit-action.ts";

const scenes: Scene[] = [];
async function scene() {
  const opened = await openScene();
  scenes.push(opened);
  return { ...opened, action: createRepoCommitAction(opened.parts) };
}
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const config = { repo: REPO };

const { delivery, again } = deliveriesBy("repo-commit");

deliveryActionSuite("repo-commit", async () => {
  const opened = await openScene();
  return {
    action: createRepoCommitAction(opened.parts),
    config,
    context: { secret },
    result: () => Promise.resolve(opened.seen()),
    close: () => opened.fake.close(),
  };
});

test("is one commit on what stands there, with a message of the caller", async () => {
  const { action, fake, seen, passed } = await scene();
  const before = seen().branches["main"]!.sha;
  const message = "Add a greeter\n\nAs asked.";
  const receipt = await action.deliver({ ...config, path: "web", message }, delivery(FIRST));
  const { files, commits, sha } = seen().branches["main"]!;
  expect(files).toMatchObject({ "README.md": "# Site\n", "web/src/greet.js": "greet\n" });
  expect(commits[0]!.parents).toEqual([before]);
  expect(commits[0]!.message).toMatch(/^Add a greeter\n\nAs asked\.\n\nOrca-Workflow: wf_/);
  expect(receipt.links).toEqual([`https://github.com/${REPO}/commit/${sha}`]);
  expect(fake.effects("branch.moved")).toMatchObject([{ forced: false, before, sha }]);
  expect(passed).toEqual(["github.blobs", "github.commit", "github.branch"]);
});

test("has the id that git itself gives to it", async () => {
  const { action, fake } = await scene();
  await action.deliver(config, delivery({ ...FIRST, "src.txt": "sorts before src/\n" }));
  const repository = fake.world.repository(REPO);
  const { blobs, commits } = repository.objects;
  const tip = repository.branches.get("main")!;
  const directory = mkdtempSync(join(tmpdir(), "orca-git-"));
  const git = (args: string[], input?: Buffer | string, env?: NodeJS.ProcessEnv): string =>
    execFileSync("git", args, {
      cwd: directory,
      input,
      encoding: "utf8",
      env: { ...process.env, ...env },
    }).trim();
  git(["init", "--quiet", "--bare"]);
  for (const blob of blobs.values()) git(["hash-object", "-w", "--stdin"], blob);
  for (const { sha, tree, parents, author, message } of repository.objects.historyOf(tip).toReversed()) {
    git(["read-tree", "--empty"]);
    const files = [...repository.objects.filesOf(tree)].map(
      ([path, entry]) => `${entry.mode} ${entry.sha}\t${path}\n`,
    );
    git(["update-index", "--index-info"], files.join(""));
    expect(git(["write-tree"])).toBe(tree);
    const { name, email, date } = author;
    const people = ["AUTHOR", "COMMITTER"].flatMap((role) => [
      [`GIT_${role}_NAME`, name],
      [`GIT_${role}_EMAIL`, email],
      [`GIT_${role}_DATE`, date],
    ]);
    const above = parents.flatMap((parent) => ["-p", parent]);
    expect(git(["commit-tree", tree, ...above], message, Object.fromEntries(people))).toBe(sha);
  }
  expect(commits.size).toBe(2);
  rmSync(directory, { recursive: true });
});

test("a new tree takes away what the one before had put there, and keeps what people did", async () => {
  const { action, fake, seen } = await scene();
  await action.deliver(config, delivery({ ...FIRST, "src/dropped.js": "1\n" }));
  fake.world.humanCommit(REPO, "main", { "own.txt": "own\n" });
  await action.deliver(config, again(FIRST));
  expect(seen().branches["main"]!.files).toEqual({ ...FIRST, "src/old.js": "old\n", "own.txt": "own\n" });
});

test("that people have taken back is left so, and the receipt says so", async () => {
  const { action, fake, seen } = await scene();
  const first = await action.deliver(config, delivery(FIRST));
  const commit = seen().branches["main"]!.sha;
  fake.world.humanCommit(REPO, "main", { "own.txt": "own\n" });
  expect(await action.deliver(config, delivery(FIRST))).toEqual(first);
  fake.world.humanCommit(REPO, "main", { "README.md": "# Site\n", "src/greet.js": null });
  const before = seen();
  expect((await action.deliver(config, delivery(FIRST))).metadata).toEqual([
    ...first.metadata,
    { name: "state", value: "delivered_before" },
  ]);
  expect((await action.preview(config, delivery(FIRST))).effects).toEqual([
    `makes no commit: ${commit} is this delivery; its files were changed since and are left so`,
  ]);
  expect(seen()).toEqual(before);
});

test("does not overwrite what others changed since the workflow began", async () => {
  const { action, fake, seen } = await scene();
  const commit = fake.world.repository(REPO).branches.get("main")!;
  const imported = {
    repo: `https://somebody:hunter2@github.com/${REPO.toUpperCase()}.git`,
    path: null,
    commit,
  };
  fake.world.humanCommit(REPO, "main", { "README.md": "theirs\n", "own.txt": "own\n" });
  const before = seen();
  const error = await refusal(action.deliver(config, delivery(FIRST, { imported })));
  expect(error.message).toContain("changes too: README.md. Nothing was overwritten");
  expect(seen()).toEqual(before);
  await action.deliver(
    config,
    delivery({ "src/greet.js": "greet\n" }, { imported, deleted: ["src/old.js"] }),
  );
  expect(seen().branches["main"]!.files).toEqual({
    "README.md": "theirs\n",
    "own.txt": "own\n",
    "src/greet.js": "greet\n",
  });
});

test("a file that others have added since under a name of another case is a person's turn", async () => {
  const { action, fake } = await scene();
  const commit = fake.world.repository(REPO).branches.get("main")!;
  fake.world.humanCommit(REPO, "main", { "src/Greet.js": "theirs\n" });
  const imported = { repo: `https://github.com/${REPO}`, path: null, commit };
  const error = await refusal(action.deliver(config, delivery({ "src/greet.js": "ours\n" }, { imported })));
  expect(error.message).toContain(`"src/greet.js" and "src/Greet.js" can't both be there`);
});

test("a file that others changed and the workflow deleted is a person's turn", async () => {
  const { action, fake } = await scene();
  const commit = fake.world.repository(REPO).branches.get("main")!;
  fake.world.humanCommit(REPO, "main", { "src/old.js": "newer\n" });
  const context = delivery(
    {},
    { imported: { repo: "/srv/site", path: null, commit }, deleted: ["src/old.js"] },
  );
  expect((await refusal(action.deliver(config, context))).message).toContain("src/old.js");
});

test("pushes in between are built on, at most three times", async () => {
  const { action, fake, seen } = await scene();
  let pushes = 0;
  let most = 2;
  fake.before(({ method }) => {
    if (method !== "PATCH" || pushes === most) return;
    pushes += 1;
    fake.world.humanCommit(REPO, "main", { [`own-${pushes}.txt`]: "own\n" });
  });
  await action.deliver(config, delivery(FIRST));
  expect(seen().branches["main"]!.files).toMatchObject({
    ...FIRST,
    "own-1.txt": "own\n",
    "own-2.txt": "own\n",
  });
  [pushes, most] = [0, 9];
  const error = await refusal(action.deliver(config, again({ ...FIRST, "more.txt": "more\n" })));
  expect([error.temporary, pushes]).toEqual([true, 3]);
});

test("an empty repository is begun and holds the tree and nothing else, whatever call fails", async () => {
  const whole = await scene();
  whole.fake.world.createRepository("acme/empty");
  const wanted = { repo: "acme/empty" };
  await whole.action.deliver(wanted, delivery(FIRST));
  const expected = whole.fake.world.snapshot()["acme/empty"]!;
  expect(expected.branches["main"]!.files).toEqual(FIRST);
  expect(expected.branches["main"]!.commits).toHaveLength(2);
  for (const { number, effects } of whole.fake.calls) {
    for (const fault of effects.length > 0 ? (["500", "dropped"] as const) : (["500"] as const)) {
      const opened = await scene();
      opened.fake.world.createRepository("acme/empty");
      opened.fake.fail((call) => (call.number === number ? fault : null));
      expect((await refusal(opened.action.deliver(wanted, delivery(FIRST)))).temporary).toBe(true);
      await opened.action.deliver(wanted, delivery(FIRST));
      expect(opened.fake.world.snapshot()["acme/empty"]).toEqual(expected);
    }
  }
}, 30_000);

test("a tree that stands there already needs no commit", async () => {
  const { action, seen } = await scene();
  const receipt = await action.deliver(config, delivery({ "README.md": "# Site\n" }));
  expect(receipt.metadata).toContainEqual({ name: "state", value: "nothing_to_change" });
  expect(seen().branches["main"]!.commits).toHaveLength(1);
});

test("a protected branch is a person's turn", async () => {
  const { action, fake } = await scene();
  fake.world.repository(REPO).protected_branches.add("main");
  const error = await refusal(action.deliver(config, delivery(FIRST)));
  expect(error.message).toMatch(/branch is protected.*Deliver by github-pr/);
  expect(error.temporary).toBe(false);
});

test("a branch that is not there is a person's turn", async () => {
  const { action } = await scene();
  const error = await refusal(action.deliver({ ...config, branch: "nothing" }, delivery(FIRST)));
  expect(error.message).toContain("has no branch nothing");
});
