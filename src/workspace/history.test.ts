import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { TreeHistory, TreeRevision, Workspaces } from "../ports/workspace.ts";
import { refOf } from "./history.ts";
import { recordingLogger } from "./recording-logger.testsuite.ts";
import { createWorkspaces } from "./workspaces.ts";

const PLACE = { tenant_id: "t", workflow_id: "w" };
const contents = new Map<string, string>();
const hash = (content: string): string => {
  const key = createHash("sha256").update(content).digest("hex");
  contents.set(key, content);
  return key;
};

function revision(name: string, files: Record<string, string>, message = `${name}\n\nMore.`): TreeRevision {
  const hashes = new Map(Object.entries(files).map(([path, content]) => [path, hash(content)]));
  return { name, message, at: "2026-01-02T03:04:05.678Z", files: hashes };
}

const LONG = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");
const BASE = revision("base", { "a.txt": "one\ntwo\n", "old/name.txt": LONG, "gone.txt": "gone\n" });
const TASK = revision("task:login", { "a.txt": "one\n2\n", "new/name.txt": LONG, "é ü/漢.txt": "new\n" });
const CYCLE = revision("cycle-1", { "a.txt": "one\n2\n", "new/name.txt": LONG });

let home = "";
let root = "";
let asked: string[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-history-"));
  root = join(home, "workspaces");
  asked = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const open = (): Workspaces => createWorkspaces({ root, logger: recordingLogger() });

function historyOf(...revisions: TreeRevision[]): TreeHistory {
  return {
    place: PLACE,
    revisions,
    read: async (hashes) => {
      asked.push(...hashes);
      return new Map(
        hashes.flatMap((each) => (contents.has(each) ? [[each, contents.get(each)!] as const] : [])),
      );
    },
  };
}

const all = historyOf(BASE, TASK, CYCLE);
const range = (from: string, to: string, most = 100_000) => ({ from, to, most });

async function gitDir(): Promise<string> {
  return join(root, (await readdir(root))[0]!, "history.git");
}

async function git(...args: string[]): Promise<string> {
  return execFileSync("git", [`--git-dir=${await gitDir()}`, ...args], { encoding: "utf8" });
}

test("shows what changed between two revisions, renames as renames", async () => {
  const diff = await open().diff(all, range("base", "task:login"));
  expect(diff.replaceAll(/^index .*\n/gm, "")).toBe(
    [
      "diff --git a/a.txt b/a.txt",
      "--- a/a.txt",
      "+++ b/a.txt",
      "@@ -1,2 +1,2 @@",
      " one",
      "-two",
      "+2",
      "diff --git a/gone.txt b/gone.txt",
      "deleted file mode 100644",
      "--- a/gone.txt",
      "+++ /dev/null",
      "@@ -1 +0,0 @@",
      "-gone",
      "diff --git a/old/name.txt b/new/name.txt",
      "similarity index 100%",
      "rename from old/name.txt",
      "rename to new/name.txt",
      "diff --git a/é ü/漢.txt b/é ü/漢.txt",
      "new file mode 100644",
      "--- /dev/null",
      "+++ b/é ü/漢.txt\t",
      "@@ -0,0 +1 @@",
      "+new",
      "",
    ].join("\n"),
  );
  expect(await open().diff(all, range("cycle-1", "cycle-1"))).toBe("");
});

test("applies: what git makes of the diff is the later tree", async () => {
  const diff = await open().diff(all, range("base", "cycle-1"));
  const tree = join(home, "tree");
  execFileSync("git", ["init", "-q", tree]);
  for (const [path, key] of BASE.files) {
    execFileSync("mkdir", ["-p", join(tree, path, "..")]);
    await writeFile(join(tree, path), contents.get(key)!);
  }
  execFileSync("git", ["-C", tree, "apply", "-"], { input: diff });
  expect(await readFile(join(tree, "a.txt"), "utf8")).toBe("one\n2\n");
  expect(await readdir(tree)).toEqual([".git", "a.txt", "new"]);
});

test("makes the same commits everywhere, under names that people can use", async () => {
  await open().diff(all, range("base", "cycle-1"));
  const refs = (): Promise<string> => git("for-each-ref", "--format=%(refname) %(objectname)", "refs/orca");
  const first = await refs();
  expect(first.split("\n").map((line) => line.split(" ")[0])).toEqual([
    "refs/orca/base",
    "refs/orca/cycle/1",
    "refs/orca/task/login",
    "",
  ]);
  expect(await git("log", "-1", "--format=%an %ae %cI%n%B", "refs/orca/base")).toBe(
    "ts-orca ts-orca@localhost 2026-01-02T03:04:05+00:00\nbase\n\nMore.\n\n",
  );
  expect((await git("rev-parse", "refs/orca/cycle/1~2")).trim()).toBe(
    (await git("rev-parse", "refs/orca/base")).trim(),
  );
  await rm(root, { recursive: true });
  await open().diff(historyOf(BASE), range("base", "base"));
  await open().diff(all, range("base", "cycle-1"));
  expect(await refs()).toBe(first);
});

test("asks for the contents of new revisions only", async () => {
  await open().diff(historyOf(BASE), range("base", "base"));
  expect(asked).toHaveLength(3);
  await open().diff(all, range("base", "task:login"));
  expect(asked).toHaveLength(6);
  await open().diff(all, range("task:login", "cycle-1"));
  expect(asked).toHaveLength(6);
});

test("a revision that got another content under its name is shown as it is now", async () => {
  await open().diff(all, range("base", "task:login"));
  const again = historyOf(BASE, revision("task:login", { "a.txt": "again\n" }));
  expect(await open().diff(again, range("base", "task:login"))).toContain("+again");
  expect(await git("show", "refs/orca/task/login:a.txt")).toBe("again\n");
});

test("is cut between lines", async () => {
  const whole = await open().diff(all, range("base", "task:login"));
  for (const most of [0, 1, 30, 60, 200, whole.length - 1, whole.length]) {
    const cut = await open().diff(all, range("base", "task:login", most));
    expect(whole.startsWith(cut)).toBe(true);
    expect(cut.length).toBeLessThanOrEqual(most);
    expect(cut === "" || cut.endsWith("\n")).toBe(true);
  }
  const huge = historyOf(
    revision("base", {}),
    revision("cycle-1", { "a.txt": "long line\n".repeat(1_000_000) }),
  );
  expect((await open().diff(huge, range("base", "cycle-1", 1_000))).length).toBeGreaterThan(980);
});

test("an unknown revision is refused with the names of the known ones", async () => {
  await expect(open().diff(all, range("base", "cycle-9"))).rejects.toMatchObject({
    code: "unknown_revision",
    message: 'There is no revision "cycle-9". Known are base, task:login, cycle-1.',
  });
  await expect(open().diff(historyOf(), range("--output=/tmp/x", "base"))).rejects.toThrow(
    "There are none yet.",
  );
});

test("a content that is not stored is said, and nothing half is kept", async () => {
  const broken = historyOf(BASE, { ...CYCLE, files: new Map([["a.txt", "0".repeat(64)]]) });
  await expect(open().diff(broken, range("base", "cycle-1"))).rejects.toThrow("is not stored");
  expect(await open().diff(all, range("base", "task:login"))).toContain("+2");
});

test("many at once, by two servers on the same files, agree", async () => {
  const servers = [open(), open()];
  const diffs = await Promise.all(
    Array.from({ length: 12 }, (_, index) => servers[index % 2]!.diff(all, range("base", "task:login"))),
  );
  expect(new Set(diffs).size).toBe(1);
  await git("fsck", "--strict");
});

test.each([
  ["a lock of a dead process", async (at: string) => writeFile(join(at, "refs/orca/base.lock"), ""), BASE],
  ["a broken repository", async (at: string) => rm(join(at, "objects"), { recursive: true }), CYCLE],
  ["no repository", async (at: string) => writeFile(join(at, "HEAD"), "x"), CYCLE],
])("%s is got over", async (_what, damage, to) => {
  await open().diff(historyOf(BASE), range("base", "base"));
  await damage(await gitDir());
  const next = historyOf(revision("base", { "b.txt": "b" }), TASK, CYCLE);
  expect(await open().diff(next, range("base", to.name))).toEqual(expect.any(String));
  expect(await open().diff(next, range("base", "task:login"))).toContain("-b\n");
});

test.each([
  ["base", "refs/orca/base"],
  ["task:a.b/../c", "refs/orca/task/a%2Eb%2F%2E%2E%2Fc"],
  ["task:x.lock", "refs/orca/task/x%2Elock"],
  ["cycle-12", "refs/orca/cycle/12"],
])("%s is the ref %s", (name, ref) => {
  expect(refOf(name)).toBe(ref);
});

test("keys of any kind are refs that git takes", async () => {
  const keys = ["a b", "-x", "x.lock", "..", "@{", "漢字", "a".repeat(400), "\\", "~^:?*["];
  const revisions = keys.map((key) => revision(`task:${key}`, { "a.txt": key }));
  expect(await open().diff(historyOf(...revisions), range("task:a b", "task:-x"))).toContain("+-x");
});

test("what is in the tree decides nothing", async () => {
  const hostile = {
    ".gitattributes": "* diff=evil -text filter=evil\na.txt binary\n",
    ".gitconfig": '[diff "evil"]\n  command = touch /tmp/orca-evil\n',
  };
  const two = historyOf(
    revision("base", { ...hostile, "a.txt": "1\n" }),
    revision("cycle-1", { ...hostile, "a.txt": "2\n" }),
  );
  expect(await open().diff(two, range("base", "cycle-1"))).toContain("-1\n+2\n");
});
