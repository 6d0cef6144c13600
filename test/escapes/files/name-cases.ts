import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { writeFiles } from "../../../src/files/write-files.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import { naiveWrite } from "./naive-files.ts";
import { caseOf, CONTAINED, escaped, SECRET, WAY_OUT, type World } from "./world.ts";

type BadName = {
  readonly what: string;
  readonly paths: (world: World) => readonly string[];
  /** The name itself does harm later: on another file system, in a terminal, to git. */
  readonly mayExist?: true;
  readonly controlMayHold?: string;
};

const one = (what: string, path: string): BadName => ({ what, paths: () => [path] });
const both = (what: string, ...paths: string[]): BadName => ({ what, paths: () => paths });

const BAD_NAMES: readonly BadName[] = [
  one("a way up", `${WAY_OUT}/new`),
  one("a way down and up", `a/../${WAY_OUT}/new`),
  { what: "an absolute path", paths: ({ outside }) => [join(outside, "new")] },
  { ...one("an encoded way up", `${WAY_OUT.replaceAll(".", "%2e")}/new`), mayExist: true },
  { ...one("a wholly encoded way up", encodeURIComponent(`${WAY_OUT}/new`)), mayExist: true },
  {
    ...one("an encoded way up in capitals", `${WAY_OUT.replaceAll("../", "%2E%2E%2F")}/new`),
    mayExist: true,
  },
  one("a way up before a NUL", `${WAY_OUT}/new\0.txt`),
  one("a NUL in a name", "script.sh\0.txt"),
  one("a way up with backslashes", `${WAY_OUT}/new`.replaceAll("/", "\\")),
  one("a backslash in a name", "a\\b.txt"),
  one("a share", "\\\\host\\share\\a.txt"),
  one("a drive", "C:/a.txt"),
  one("a stream", "a.txt:hidden"),
  one("a wildcard", "*.txt"),
  one("an empty part", "a//b.txt"),
  one("a part that is a dot", "a/./b.txt"),
  one("a dot at the end", "a.txt."),
  one("a space at the end", "a.txt "),
  one("a directory with a dot at its end", "a./b.txt"),
  one("a half character", "a\ud800.txt"),
  one("an escape sequence", "a\u001b[2J.txt"),
  one("a line break", "a\n.txt"),
  one("a carriage return", "a\rb.txt"),
  one("DEL", "a\u007f.txt"),
  one("a hook of git", ".git/hooks/pre-commit"),
  one("the configuration of git in capitals", ".GIT/config"),
  one("git by its short name", "GIT~1/config"),
  one("git in a directory", "sub/.git/config"),
  one("a pointer to a repository", ".git"),
  one("a device", "nul"),
  one("a device with an ending", "docs/CON.txt"),
  one("a numbered device", "com1.log"),
  { ...one("a name of 4,096 bytes", "a".repeat(4_096)), controlMayHold: "the kernel takes 255 bytes" },
  {
    ...one("a name of 4,096 bytes in other letters", "漢".repeat(1_366)),
    controlMayHold: "the kernel takes 255 bytes",
  },
  one("a long path", `${"long-name/".repeat(60)}a.txt`),
  one("300 directories in one another", `${"a/".repeat(300)}b`),
  both("names that differ in case", "Readme.md", "README.md"),
  both("names that differ in how accents are written", "caf\u00e9.txt", "cafe\u0301.txt"),
  both("directories that differ in case", "lib/a.txt", "LIB/A.txt"),
];

/** Names of files to write, as models give them. */
export const nameCases: readonly EscapeCase[] = [
  ...BAD_NAMES.map((bad) =>
    caseOf(`new workspace: ${bad.what}`, (world) => tryCreate(bad, world), bad.controlMayHold ?? null),
  ),
  ...BAD_NAMES.map((bad) =>
    caseOf(
      `delivery: ${bad.what}`,
      (world, guarded) => tryWrite(bad, world, guarded),
      bad.controlMayHold ?? null,
    ),
  ),
  ...(
    [
      ["a way up", () => `${WAY_OUT}/secret`],
      ["a way down and up", () => `a/../${WAY_OUT}/secret`],
      ["an absolute path", ({ outside }) => join(outside, "secret")],
      ["an encoded way up", () => encodeURIComponent(`${WAY_OUT}/secret`)],
      ["a way up before a NUL", () => `${WAY_OUT}/secret\0.txt`],
      ["a way up with backslashes", () => `${WAY_OUT}/secret`.replaceAll("/", "\\")],
      ["this process", () => "/proc/self/environ"],
    ] satisfies [string, (world: World) => string][]
  ).map(([what, path]) => caseOf(`read: ${what}`, (world) => tryRead(path(world), world))),
];

async function tryCreate(bad: BadName, world: World): Promise<Outcome> {
  const files = bad.paths(world).map((path) => ({ path, content: "x" }));
  const refused = await world.open(files).then(
    () => false,
    () => true,
  );
  return refused || bad.mayExist === true ? CONTAINED : escaped("the name was taken");
}

async function tryWrite(bad: BadName, world: World, guarded: boolean): Promise<Outcome> {
  const files = bad.paths(world).map((path) => ({ path, content: "x" }));
  // As deep as a workspace is.
  const directory = join(world.home, "deliveries/a/b/tree");
  const refused = await (guarded ? writeFiles(directory, files) : naiveWrite(directory, files)).then(
    () => false,
    () => true,
  );
  const left = await readdir(directory).catch(() => []);
  if (refused && left.length > 0) return escaped(`refused, and yet there is ${left.join(", ")}`);
  return refused || bad.mayExist === true ? CONTAINED : escaped("the name was taken");
}

async function tryRead(path: string, world: World): Promise<Outcome> {
  const directory = await world.open([{ path: "a/b.txt", content: "b" }]);
  const found = await directory.read(path, 100_000);
  if (found === null) return CONTAINED;
  const text = Buffer.from(found).toString();
  return escaped(text === SECRET ? "the secret was read" : `${found.length} bytes were read`);
}
