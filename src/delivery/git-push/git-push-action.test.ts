import { hash } from "node:crypto";
import { access, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { type DeliveryContext, DeliveryError, type DeliveryReceipt } from "../../ports/delivery-action.ts";
import { recordingLogger } from "../../workspace/recording-logger.testsuite.ts";
import { branchName } from "../branch-name.ts";
import { trailersOf } from "../commit-message.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { createGitPushAction, type GitPushParts } from "./git-push-action.ts";
import type { GitPushConfig } from "./git-push-config.ts";
import { type GitRemote, startGitRemote } from "./git-remote.testsuite.ts";

vi.setConfig({ testTimeout: 30_000 });

const AUTHOR = { name: "Orca", email: "orca@example.org" };
const actionFor = ({ home }: GitRemote, more: Partial<GitPushParts> = {}) =>
  createGitPushAction({
    allowed: [home],
    written: [],
    isAllowedHost: () => false,
    author: AUTHOR,
    logger: recordingLogger(),
    ...more,
  });

deliveryActionSuite("git-push", async () => {
  const target = await startGitRemote();
  target.commit("main", { "README.md": "old\n" });
  return {
    action: actionFor(target),
    config: { remote: target.path },
    result: () => Promise.resolve(target.git("for-each-ref")),
    close: target.close,
  };
});

let remote: GitRemote;
beforeEach(async () => {
  remote = await startGitRemote();
});
afterEach(() => remote.close());

type Files = Readonly<Record<string, string>>;

/** Another tree is another key; a later delivery is asked for later. */
function contextOf(files: Files, more: Partial<DeliveryContext> = {}): DeliveryContext {
  const tree_hash = hash("sha256", JSON.stringify(files));
  const context = deliveryContext(Object.entries(files), { tree_hash, ...more });
  return { ...context, key: `${context.workflow_id}/git-push/${tree_hash}` };
}
const BRANCH = branchName(contextOf({}));
const deliver = (
  context: DeliveryContext,
  { config, parts }: { config?: Partial<GitPushConfig>; parts?: Partial<GitPushParts> } = {},
): Promise<DeliveryReceipt> => actionFor(remote, parts).deliver({ remote: remote.path, ...config }, context);
const commitOf = (receipt: DeliveryReceipt): string =>
  receipt.metadata.find(({ name }) => name === "commit")!.value;
const imported = (commit: string, path: string | null = null): Partial<DeliveryContext> => ({
  imported: { repo: remote.path, path, commit },
});
/** As the workflow sees files that it has left alone. */
function leavingAlone(context: DeliveryContext, ...paths: readonly string[]): DeliveryContext {
  const artifacts = context.artifacts.map((one) => ({ ...one, changed: !paths.includes(one.path) }));
  return { ...context, artifacts };
}

describe("a new branch", () => {
  test("has one commit on the base, with the whole tree, an author, a time and trailers", async () => {
    const base = remote.commit("main", { "README.md": "old\n", "kept.txt": "kept\n" });
    const context = contextOf({ "README.md": "new\n", "src/a.js": "a\n" });
    const receipt = await deliver(context, { config: { author: { name: "Ann", email: "ann@example.org" } } });
    expect(remote.files(BRANCH)).toEqual({ "README.md": "new", "kept.txt": "kept", "src/a.js": "a" });
    expect(remote.commits(BRANCH)).toEqual([commitOf(receipt), base]);
    expect(remote.files("main")).toEqual({ "README.md": "old", "kept.txt": "kept" });
    const [author, committer, times, ...message] = remote
      .git("log", "-1", "--format=%an <%ae>%n%cn <%ce>%n%at %ct%n%B", BRANCH)
      .split("\n");
    expect([author, committer]).toEqual(["Ann <ann@example.org>", "Orca <orca@example.org>"]);
    expect(times).toBe("1770091506 1770091506");
    expect(message[0]).toBe(context.title);
    const { workflow_id, tree_hash, key } = context;
    expect(trailersOf(message.join("\n"))).toEqual({ workflow: workflow_id, tree: tree_hash, key });
    expect(receipt.metadata).toEqual([
      { name: "branch", value: BRANCH },
      { name: "commit", value: commitOf(receipt) },
      { name: "base", value: base },
      { name: "files_changed", value: "2" },
    ]);
    expect(receipt.links).toEqual([`file://${remote.path}`]);
  });

  test("is the same commit for every attempt, one that has died before included", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "b.txt": "b\n" });
    const die = (name: string) => {
      if (name === "git-push.committed") throw new Error("killed");
    };
    await expect(deliver(context, { parts: { failpoint: die } })).rejects.toThrow("killed");
    expect(remote.branches()).toEqual(["main"]);
    const first = commitOf(await deliver(context));
    remote.git("update-ref", "-d", `refs/heads/${BRANCH}`);
    expect(commitOf(await deliver(context))).toBe(first);
  });

  test("is delivered although nobody heard that it was pushed", async () => {
    const base = remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "b.txt": "b\n" });
    const die = (name: string) => {
      if (name === "git-push.pushed") throw new Error("killed");
    };
    await expect(deliver(context, { parts: { failpoint: die } })).rejects.toThrow("killed");
    remote.commit("main", { "a.txt": "moved on\n" });
    const receipt = await deliver(context);
    expect(remote.commits(BRANCH)).toEqual([commitOf(receipt), base]);
    expect(receipt.metadata).toContainEqual({ name: "files_changed", value: "1" });
  });

  test("has a message that calls nobody and closes nothing, whatever models wrote", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const hostile = {
      title: "Fixes #1 for @ada",
      summary: "Closes #12, implements https://gitlab.example/a/-/issues/3\n/close\n[skip ci]",
    };
    const receipt = await deliver(contextOf({ "b.txt": "b\n" }, hostile));
    const message = remote.git("log", "-1", "--format=%B", commitOf(receipt));
    expect(message).not.toMatch(/@[a-z]|#\d|^\/|\[skip|implements http/im);
    expect(message.replaceAll("\u200B", "")).toMatch(/^Fixes #1 for @ada\n\nCloses #12, implements/);
  });

  test("begins an empty repository", async () => {
    const receipt = await deliver(contextOf({ "a.txt": "a\n" }));
    expect(remote.files(BRANCH)).toEqual({ "a.txt": "a" });
    expect(remote.commits(BRANCH)).toEqual([commitOf(receipt)]);
    expect(receipt.metadata).toContainEqual({ name: "base", value: "none" });
    const context = contextOf({ "b.txt": "b\n" });
    await deliver(context);
    expect(remote.files(BRANCH)).toEqual({ "b.txt": "b" });
  });

  test("of another workflow begins a repository that holds nothing but such branches", async () => {
    await deliver(contextOf({ "a.txt": "a\n" }));
    const other = contextOf({ "b.txt": "b\n" }, { workflow_id: "wf_0198c0de000070001b2c3d4e5f607182" });
    const receipt = await deliver(other);
    expect(remote.branches()).toHaveLength(2);
    expect(receipt.metadata).toContainEqual({ name: "base", value: "none" });
    expect(remote.files(branchName(other))).toEqual({ "b.txt": "b" });
  });

  test("is built on the base that is named, in the directory that is named", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const release = remote.commit("release", { "r.txt": "r\n" }, { from: "main" });
    const config = { base: "release", branch: "out/put", path: "docs" };
    const receipt = await deliver(contextOf({ "b.txt": "b\n" }), { config });
    expect(remote.files("out/put")).toEqual({ "a.txt": "a", "docs/b.txt": "b", "r.txt": "r" });
    expect(receipt.metadata).toContainEqual({ name: "base", value: release });
  });

  test("starts from the commit that the workflow began with, wherever the base is by now", async () => {
    const began = remote.commit("main", { "a.txt": "a\n", "gone.txt": "g\n", "same.txt": "s\n" });
    remote.commit("main", { "a.txt": "moved on\n", "same.txt": "moved on\n" });
    const context = contextOf(
      { "b.txt": "b\n", "same.txt": "s\n" },
      { ...imported(began), deleted: ["gone.txt"] },
    );
    const receipt = await deliver(leavingAlone(context, "same.txt"));
    expect(remote.commits(BRANCH)).toEqual([commitOf(receipt), began]);
    expect(remote.files(BRANCH)).toEqual({ "a.txt": "a", "b.txt": "b", "same.txt": "s" });
  });

  test("goes to the directory that the workflow began with", async () => {
    const began = remote.commit("main", { "site/a.txt": "a\n", "a.txt": "other\n" });
    await deliver(contextOf({ "b.txt": "b\n" }, { ...imported(began, "site"), deleted: ["a.txt"] }));
    expect(remote.files(BRANCH)).toEqual({ "a.txt": "other", "site/b.txt": "b" });
  });

  test("has the whole tree where what the workflow began with is not", async () => {
    remote.commit("main", { "a.txt": "theirs\n", "gone.txt": "theirs\n" });
    const context = contextOf(
      { "b.txt": "b\n", "same.txt": "s\n" },
      { ...imported("1".repeat(40)), deleted: ["gone.txt"] },
    );
    await deliver(leavingAlone(context, "same.txt"));
    expect(remote.files(BRANCH)).toEqual({
      "a.txt": "theirs",
      "b.txt": "b",
      "gone.txt": "theirs",
      "same.txt": "s",
    });
  });

  test("keeps links, submodules, odd names and what can be executed as they are", async () => {
    const entries = {
      "run.sh": "#!/bin/sh\n",
      link: "link:/etc/passwd",
      module: `module:${"2".repeat(40)}`,
      '"q\\"u\\\\o\\tte"': "odd\n",
      '"\\303\\050"': "no UTF-8\n",
    };
    remote.commit("main", entries);
    const before = remote.git("ls-tree", "-r", "main").split("\n");
    await deliver(contextOf({ "run.sh": "#!/bin/sh\nexit 1\n", "new.txt": "n\n" }));
    const after = remote.git("ls-tree", "-r", BRANCH).split("\n");
    expect(after.find((line) => line.endsWith("\trun.sh"))).toMatch(/^100755 /);
    const isNew = (line: string) => /\t(run\.sh|new\.txt)$/.test(line);
    expect(after.filter((line) => !isNew(line))).toEqual(before.filter((line) => !isNew(line)));
    expect(after).toHaveLength(before.length + 1);
  });

  test.each([
    ["a link", { "a.txt": "link:/etc/passwd" }, "a.txt", "a symbolic link"],
    ["a submodule", { lib: `module:${"2".repeat(40)}` }, "lib", "a submodule"],
    ["a directory that is a link", { docs: "link:/etc" }, "docs/a.txt", "can't both be there"],
    ["a twin", { "readme.md": "theirs\n" }, "README.md", '"README.md" and "readme.md" can\'t both'],
  ])("is not made over %s", async (_, there, path, message) => {
    remote.commit("main", there);
    await expect(deliver(contextOf({ [path]: "new\n" }))).rejects.toThrow(message);
    expect(remote.branches()).toEqual(["main"]);
  });
});

describe("a branch that is there", () => {
  test("gets one more commit for another tree, without what the first brought", async () => {
    const base = remote.commit("main", { "a.txt": "a\n", "b.txt": "before\n" });
    const first = commitOf(await deliver(contextOf({ "b.txt": "b\n", "c.txt": "c\n" })));
    const second = commitOf(await deliver(contextOf({ "d.txt": "d\n" })));
    expect(remote.commits(BRANCH)).toEqual([second, first, base]);
    expect(remote.files(BRANCH)).toEqual({ "a.txt": "a", "b.txt": "before", "d.txt": "d" });
    expect(commitOf(await deliver(contextOf({ "b.txt": "b\n", "c.txt": "c\n" })))).toBe(first);
    expect(remote.commits(BRANCH)).toHaveLength(3);
  });

  test("keeps the commits of people, and what they did to other files", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const first = commitOf(await deliver(contextOf({ "b.txt": "b\n", "c.txt": "c\n" })));
    const person = remote.commit(
      BRANCH,
      { "a.txt": "person\n", "b.txt": "person\n", "p.txt": "p\n" },
      { from: BRANCH },
    );
    const second = commitOf(await deliver(contextOf({ "b.txt": "b\n", "c.txt": "c2\n" })));
    expect(remote.commits(BRANCH).slice(0, 3)).toEqual([second, person, first]);
    const merged = { "a.txt": "person", "b.txt": "person", "c.txt": "c2", "p.txt": "p" };
    expect(remote.files(BRANCH)).toEqual(merged);
    // What was kept from people in the second is still theirs in the third.
    await deliver(contextOf({ "b.txt": "b\n", "c.txt": "c3\n" }));
    expect(remote.files(BRANCH)).toEqual({ ...merged, "c.txt": "c3" });
  });

  test("is known to be delivered behind commits of people", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "b.txt": "b\n" });
    const receipt = await deliver(context);
    for (let index = 0; index < 5; index += 1)
      remote.commit(BRANCH, { "p.txt": `${index}\n` }, { from: BRANCH });
    const tip = remote.commits(BRANCH)[0];
    expect(await deliver(context)).toEqual(receipt);
    expect(remote.commits(BRANCH)[0]).toBe(tip);
  });

  test("is left as it is when people have taken the delivery back, and the receipt says so", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "b.txt": "b\n" });
    const { metadata } = await deliver(context);
    const tip = remote.commit(BRANCH, { "b.txt": null }, { from: BRANCH });
    expect((await deliver(context)).metadata).toEqual([
      ...metadata,
      { name: "state", value: "delivered_before" },
    ]);
    expect((await actionFor(remote).preview({ remote: remote.path }, context)).effects).toEqual([
      `nothing: these files came to the branch as ${commitOf({ metadata, links: [], action: "" })} and were changed there since; they are left so`,
    ]);
    expect(remote.commits(BRANCH)[0]).toBe(tip);
  });

  test("is left alone when people have changed the same files, and the error says which", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    const first = commitOf(await deliver(contextOf({ "b.txt": "b\n" })));
    for (const [files, named] of [
      [{ "b.txt": "person\n" }, '"b.txt"'],
      [{ "b.txt": null }, '"b.txt"'],
      [{ "n.txt": "person\n" }, '"n.txt"'],
      [{ "n.txt/deep": "person\n" }, '"n.txt/deep"'],
      [{ "N.TXT": "person\n" }, '"n.txt" and "N.TXT"'],
    ] as const) {
      const person = remote.commit(BRANCH, files, { from: first });
      const again = deliver(contextOf({ "b.txt": "b2\n", "n.txt": "n\n" }));
      await expect(again).rejects.toThrow(DeliveryError);
      await expect(again).rejects.toThrow(named);
      await expect(again).rejects.toMatchObject({ temporary: false });
      expect(remote.commits(BRANCH)[0]).toBe(person);
    }
  });

  test.each(["rebased", "amended"])("that somebody has %s is theirs", async (how) => {
    const base = remote.commit("main", { "a.txt": "a\n" });
    const first = commitOf(await deliver(contextOf({ "b.txt": "b\n" })));
    const message = `${remote.git("log", "-1", "--format=%B", first)}\n`;
    const from = how === "rebased" ? remote.commit("main", { "m.txt": "m\n" }) : base;
    remote.git("update-ref", `refs/heads/${BRANCH}`, from);
    const theirs = remote.commit(BRANCH, { "b.txt": "amended\n" }, { from, message });
    await expect(deliver(contextOf({ "b.txt": "b2\n" }))).rejects.toThrow('"b.txt"');
    expect(commitOf(await deliver(contextOf({ "b.txt": "b\n" })))).toBe(theirs);
    await expect(deliver(contextOf({ "b.txt": "amended\n", "c.txt": "c\n" }))).resolves.toMatchObject({});
    expect(remote.files(BRANCH)).toMatchObject({ "b.txt": "amended", "c.txt": "c" });
  });

  test("of other people is added to", async () => {
    const began = remote.commit("main", { "a.txt": "a\n", "same.txt": "s\n" });
    const tip = remote.commit("main", { "same.txt": "person\n", "p.txt": "p\n" });
    const context = leavingAlone(
      contextOf({ "a.txt": "a2\n", "same.txt": "s\n" }, imported(began)),
      "same.txt",
    );
    const receipt = await deliver(context, { config: { branch: "main" } });
    expect(remote.commits("main").slice(0, 2)).toEqual([commitOf(receipt), tip]);
    expect(remote.files("main")).toEqual({ "a.txt": "a2", "p.txt": "p", "same.txt": "person" });
    remote.commit("main", { "a.txt": "person\n" });
    const changed = contextOf({ "a.txt": "a3\n" }, imported(began));
    await expect(deliver(changed, { config: { branch: "main" } })).rejects.toThrow('"a.txt"');
  });

  test("that moves between the look and the push is looked at again, and the commit that came is kept", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    await deliver(contextOf({ "b.txt": "b\n" }));
    let person = "";
    const failpoint = (name: string) => {
      if (name === "git-push.committed" && person === "")
        person = remote.commit(BRANCH, { "p.txt": "p\n" }, { from: BRANCH });
    };
    const second = commitOf(await deliver(contextOf({ "b.txt": "b2\n" }), { parts: { failpoint } }));
    expect(remote.commits(BRANCH).slice(0, 2)).toEqual([second, person]);
    expect(remote.files(BRANCH)).toEqual({ "a.txt": "a", "b.txt": "b2", "p.txt": "p" });
  });

  test("that somebody makes between the look and the push is not overwritten", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    let person = "";
    const failpoint = (name: string) => {
      if (name === "git-push.committed" && person === "")
        person = remote.commit(BRANCH, { "p.txt": "p\n" }, { from: "main" });
    };
    const second = commitOf(await deliver(contextOf({ "b.txt": "b\n" }), { parts: { failpoint } }));
    expect(remote.commits(BRANCH).slice(0, 2)).toEqual([second, person]);
  });

  test("has one commit when several attempts push at once", async () => {
    const base = remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "b.txt": "b\n" });
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => deliver(context)));
    for (const other of others) expect(other).toEqual(first);
    expect(remote.commits(BRANCH)).toEqual([commitOf(first!), base]);
  });

  test("that never stands still is tried again later", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    await deliver(contextOf({ "b.txt": "b\n" }));
    let moves = 0;
    const failpoint = (name: string) => {
      if (name === "git-push.committed")
        remote.commit(BRANCH, { "p.txt": `${(moves += 1)}\n` }, { from: BRANCH });
    };
    const delivery = deliver(contextOf({ "b.txt": "b2\n" }), { parts: { failpoint } });
    await expect(delivery).rejects.toMatchObject({ temporary: true });
    expect(moves).toBe(3);
    expect(remote.files(BRANCH)).toMatchObject({ "b.txt": "b", "p.txt": "3" });
  });

  test("that is protected is not pushed to, in the words of the remote", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    await remote.hook("echo 'this branch is protected' >&2; exit 1");
    const delivery = deliver(contextOf({ "b.txt": "b\n" }));
    await expect(delivery).rejects.toThrow(/it may be protected.*hook declined.*this branch is protected/);
    await expect(delivery).rejects.toMatchObject({ temporary: false });
    expect(remote.branches()).toEqual(["main"]);
  });

  test("that can't be made beside another says so", async () => {
    remote.commit("main", { "a.txt": "a\n" });
    remote.commit("orca", { "a.txt": "a\n" }, { from: "main" });
    await expect(deliver(contextOf({ "b.txt": "b\n" }))).rejects.toThrow(/does not take the branch.*orca/);
  });
});

describe("a preview", () => {
  const preview = (context: DeliveryContext, config: Partial<GitPushConfig> = {}) =>
    actionFor(remote).preview({ remote: remote.path, ...config }, context);

  test("tells what a new branch would hold, and makes none", async () => {
    const base = remote.commit("main", { "a.txt": "a\n", "b.txt": "b\n", "gone.txt": "g\n" });
    remote.commit("main", { "x.txt": "x\n" });
    const files = Object.fromEntries(Array.from({ length: 22 }, (_, index) => [`n${index + 10}.txt`, "n\n"]));
    const context = contextOf({ ...files, "a.txt": "a2\n" }, { ...imported(base), deleted: ["gone.txt"] });
    const { target, effects } = await preview(context);
    expect(target).toBe(`${remote.path.replace(/\.git$/, "")}, branch ${BRANCH}`);
    expect(effects).toEqual([
      `makes the branch ${BRANCH} from ${base.slice(0, 12)}`,
      ...Array.from({ length: 20 }, (_, index) => `adds n${index + 10}.txt`),
      "adds 2 more",
      "changes a.txt",
      "deletes gone.txt",
    ]);
    expect(remote.branches()).toEqual(["main"]);
  });

  test("tells of a commit on a branch, and that there is nothing to do", async () => {
    const tip = remote.commit("main", { "a.txt": "a\n" });
    const context = contextOf({ "a.txt": "a2\n" });
    const config = { branch: "main" };
    expect((await preview(context, config)).effects).toEqual([
      `adds a commit to main at ${tip.slice(0, 12)}`,
      "changes a.txt",
    ]);
    const receipt = await deliver(context, { config });
    expect((await preview(context, config)).effects).toEqual([
      `nothing: these files are on the branch as ${commitOf(receipt)}`,
    ]);
  });
});

test("a base that is not there is told from an empty repository", async () => {
  remote.commit("trunk", { "a.txt": "a\n" });
  await expect(deliver(contextOf({ a: "" }))).rejects.toThrow("Name the branch to build on as base");
  await expect(deliver(contextOf({ a: "" }), { config: { base: "none" } })).rejects.toThrow("no branch none");
  await deliver(contextOf({ a: "" }), { config: { base: "trunk" } });
  expect(remote.files(BRANCH)).toEqual({ a: "", "a.txt": "a" });
});

test("an aborted delivery ends", async () => {
  remote.commit("main", { "a.txt": "a\n" });
  const controller = new AbortController();
  const failpoint = () => controller.abort(new Error("stopped"));
  const context = contextOf({ "b.txt": "b\n" }, { signal: controller.signal });
  await expect(deliver(context, { parts: { failpoint } })).rejects.toThrow("stopped");
  expect(remote.branches()).toEqual(["main"]);
});

test("a link in an allowed directory does not lead out of it", async () => {
  const other = await startGitRemote();
  await symlink(other.path, join(remote.home, "link.git"));
  const config = { remote: join(remote.home, "link.git") };
  expect(actionFor(remote).config.safeParse(config).success).toBe(true);
  await expect(deliver(contextOf({ a: "" }), { config })).rejects.toThrow("is not allowed to be pushed to");
  const linked = { allowed: [remote.home, other.home], written: [join(remote.home, "link.git")] };
  await expect(deliver(contextOf({ a: "" }), { config, parts: linked })).rejects.toThrow(
    "nobody knows whose",
  );
  expect(other.branches()).toEqual([]);
  await other.close();
});

test("many refs, and refs that are named like others, lead nowhere else", async () => {
  const base = remote.commit("main", { "a.txt": "a\n" });
  const decoy = remote.commit("decoy", { "decoy.txt": "d\n" });
  const refs = Array.from({ length: 20_000 }, (_, index) => `${decoy} refs/heads/many/${index + 10_000}`);
  await writeFile(
    join(remote.path, "packed-refs"),
    [
      "# pack-refs with: peeled fully-peeled sorted ",
      ...refs,
      `${decoy} refs/x/refs/heads/${BRANCH}`,
      "",
    ].join("\n"),
  );
  remote.git("update-ref", "refs/x/refs/heads/main", decoy);
  remote.git("update-ref", "refs/heads/refs/heads/main", decoy);
  const receipt = await deliver(contextOf({ "b.txt": "b\n" }), { config: { base: "main" } });
  expect(receipt.metadata).toContainEqual({ name: "base", value: base });
  expect(remote.files(BRANCH)).toEqual({ "a.txt": "a", "b.txt": "b" });
});

test("what is configured in the repository that is pushed to starts no program in the one that pushes", async () => {
  remote.commit("main", { ".gitattributes": "* filter=evil diff=evil\n", ".gitmodules": "[submodule]\n" });
  const ran = join(remote.home, "ran");
  for (const key of [
    "core.fsmonitor",
    "core.sshCommand",
    "filter.evil.clean",
    "diff.external",
    "uploadpack.packObjectsHook",
  ])
    remote.git("config", key, `touch ${ran}`);
  await deliver(contextOf({ "b.txt": "b\n" }));
  await expect(access(ran)).rejects.toThrow("ENOENT");
});
