import { afterEach, expect, test } from "vitest";

import {
  deliveriesBy,
  FIRST,
  openScene,
  ORCA,
  refusal,
  type Scene,
  secret,
  TOKEN,
} from "../../../test/github/scene.ts";
import { deliveryActionSuite } from "../delivery-action.testsuite.ts";
import { createGitHubRepoAction } from "./github-repo-action.ts";

const scenes: Scene[] = [];
async function scene() {
  const opened = await openScene();
  scenes.push(opened);
  const made = (name: string) => opened.fake.world.snapshot()[name];
  return { ...opened, made, action: createGitHubRepoAction(opened.parts) };
}
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const config = { name: "greeter" };
const OWN = "orca-bot/greeter";

const { delivery } = deliveriesBy("github-repo");

deliveryActionSuite("github-repo", async () => {
  const opened = await openScene();
  return {
    action: createGitHubRepoAction(opened.parts),
    config,
    context: { secret },
    result: () => Promise.resolve(opened.fake.world.snapshot()),
    close: () => opened.fake.close(),
  };
});

test("makes a private repository that holds the tree and nothing else", async () => {
  const { action, made } = await scene();
  const receipt = await action.deliver({ ...config, description: "Says hello." }, delivery(FIRST));
  const repository = made(OWN)!;
  expect(repository).toMatchObject({ private: true, description: "Says hello.", default_branch: "main" });
  expect(repository.branches["main"]!.files).toEqual(FIRST);
  const { sha } = repository.branches["main"]!;
  expect(receipt.links).toEqual([`https://github.com/${OWN}`, `https://github.com/${OWN}/commit/${sha}`]);
});

test("makes it where it was told to, and public only when it was told to", async () => {
  const { action, made } = await scene();
  await action.deliver({ ...config, owner: "acme", private: false }, delivery(FIRST));
  expect(made("acme/greeter")).toMatchObject({ private: false });
  expect(made(OWN)).toBeUndefined();
});

test("a directory of another repository becomes the root of its own", async () => {
  const { action, made } = await scene();
  const imported = { repo: "https://github.com/acme/site", path: "packages/greeter", commit: "a".repeat(40) };
  await action.deliver(config, delivery(FIRST, { imported, deleted: ["old.js"] }));
  expect(made(OWN)!.branches["main"]!.files).toEqual(FIRST);
});

test("a new tree of the same workflow takes the place of the one before", async () => {
  const { action, made } = await scene();
  await action.deliver(config, delivery({ ...FIRST, "dropped.js": "1\n" }));
  await action.deliver(config, delivery(FIRST, { tree_hash: "cd".repeat(32) }));
  expect(made(OWN)!.branches["main"]!.files).toEqual(FIRST);
  expect(made(OWN)!.branches["main"]!.commits).toHaveLength(3);
});

test("fills an empty repository of that name", async () => {
  const { action, fake, made } = await scene();
  fake.world.createRepository(OWN, { default_branch: "trunk" });
  await action.deliver(config, delivery(FIRST));
  expect(made(OWN)!.branches["trunk"]!.files).toEqual(FIRST);
});

test("leaves a repository alone that holds the work of others", async () => {
  const { action, fake, made } = await scene();
  fake.world.createRepository(OWN, { files: { "theirs.txt": "theirs\n" } });
  const before = made(OWN);
  const error = await refusal(action.deliver(config, delivery(FIRST)));
  expect(error.message).toMatch(/orca-bot\/greeter already, and it is not empty\. Choose another name/);
  expect((await refusal(action.preview(config, delivery(FIRST)))).message).toBe(error.message);
  expect(made(OWN)).toEqual(before);
});

test("every fault at every call leaves one repository with one delivery", async () => {
  const whole = await scene();
  await whole.action.deliver(config, delivery(FIRST));
  expect(whole.passed).toEqual(["github.repository", "github.blobs", "github.commit", "github.branch"]);
  for (const { number, effects } of whole.fake.calls) {
    for (const fault of effects.length > 0 ? (["500", "dropped"] as const) : (["500"] as const)) {
      const opened = await scene();
      opened.fake.fail((call) => (call.number === number ? fault : null));
      expect((await refusal(opened.action.deliver(config, delivery(FIRST)))).temporary).toBe(true);
      await opened.action.deliver(config, delivery(FIRST));
      expect(opened.fake.world.snapshot()).toEqual(whole.fake.world.snapshot());
    }
  }
}, 30_000);

test.each([
  [
    "an organization that lets nobody in",
    { ...config, owner: "closed" },
    /may not create the repository in closed/,
  ],
  ["an owner that is not there", { ...config, owner: "nobody" }, /no place to create the repository/],
])("%s is a person's turn", async (_, wanted, words) => {
  const { action, fake } = await scene();
  fake.world.organizations.set("closed", new Set());
  const error = await refusal(action.deliver(wanted, delivery(FIRST)));
  expect(error.message).toMatch(words);
  expect(error.temporary).toBe(false);
});

test("a token that may make no private repository is a person's turn", async () => {
  const { action, fake, made } = await scene();
  fake.world.tokens.set(TOKEN, { ...ORCA, scopes: ["public_repo"] });
  const error = await refusal(action.deliver(config, delivery(FIRST)));
  expect(error.message).toContain("no place to create the repository");
  expect(made(OWN)).toBeUndefined();
});

test.each([{ name: "acme/site" }, { name: ".." }, { name: "x", owner: "a/b" }, { name: "x", private: "no" }])(
  "the configuration %o is refused",
  async (wrong) => {
    const { action } = await scene();
    expect(action.config.safeParse(wrong).success).toBe(false);
  },
);
