import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type TreeFile, type WorkingDirectory, WorkspaceError } from "../ports/workspace.ts";
import { ownedName, ownerOf } from "./directory-owner.ts";
import { recordingLogger } from "./recording-logger.testsuite.ts";
import { sweepWorkspaces } from "./sweep-workspaces.ts";
import { CHANGE_LIMITS } from "./tree-limits.ts";
import { createWorkspaces } from "./workspaces.ts";

const PLACE = { tenant_id: "t", workflow_id: "w" };
const FILES: TreeFile[] = [
  { path: "README.md", content: "# Hi\n" },
  { path: "src/a.ts", content: "export const a = 1;\n" },
  { path: "src/deep/b.ts", content: "b\n" },
  { path: "run.sh", content: "#!/bin/sh\necho run\n" },
];

let home = "";
let root = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-workspace-"));
  root = join(home, "workspaces");
});
afterEach(() => rm(home, { recursive: true, force: true }));

const open = (): ReturnType<typeof createWorkspaces> => createWorkspaces({ root, logger: recordingLogger() });
const fresh = (files = FILES): Promise<WorkingDirectory> => open().create(PLACE, files);
const reasons = (skipped: readonly { path: string; reason: string }[]): Record<string, string> =>
  Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));

describe("a new directory", () => {
  test("holds just the files, closed to other users, and a script may be executed", async () => {
    const directory = await fresh();
    const found = await readdir(directory.path, { recursive: true, withFileTypes: true });
    expect(
      found
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .toSorted(),
    ).toEqual(["README.md", "a.ts", "b.ts", "run.sh"]);
    expect((await lstat(dirname(directory.path))).mode & 0o777).toBe(0o700);
    expect(execFileSync(join(directory.path, "run.sh"), { encoding: "utf8" })).toBe("run\n");
    expect(await directory.changes()).toEqual({ written: [], deleted: [], skipped: [] });
  });

  test("is another one each time", async () => {
    const workspaces = open();
    const [one, two] = await Promise.all([workspaces.create(PLACE, FILES), workspaces.create(PLACE, FILES)]);
    await writeFile(join(one.path, "new.txt"), "");
    expect((await two.changes()).written).toEqual([]);
  });

  test.each(["../x", "/etc/x", ".git/config", "a\0b", "a\\b", "nul", "x."])(
    "is not made with %j",
    async (path) => {
      await expect(fresh([{ path, content: "" }])).rejects.toThrow(WorkspaceError);
      expect(await readdir(home)).toEqual([]);
    },
  );

  test.each([
    ["a.txt", "A.txt"],
    ["caf\u00e9.txt", "cafe\u0301.txt"],
    ["lib", "LIB/x"],
    ["LIB/x", "lib"],
  ])("is not made with both %j and %j", async (one, two) => {
    const both = [one, two].map((path) => ({ path, content: "" }));
    await expect(fresh(both)).rejects.toThrow("where case does not count");
  });
});

describe("changes", () => {
  test("are new, changed and deleted files, in order", async () => {
    const directory = await fresh();
    await writeFile(join(directory.path, "src/a.ts"), "export const a = 2;\n");
    await mkdir(join(directory.path, "lib"));
    await writeFile(join(directory.path, "lib/new.ts"), "new\n");
    await rm(join(directory.path, "src/deep"), { recursive: true });
    await writeFile(join(directory.path, "README.md"), "# Hi\n");
    expect(await directory.changes()).toEqual({
      written: [
        { path: "lib/new.ts", content: "new\n" },
        { path: "src/a.ts", content: "export const a = 2;\n" },
      ],
      deleted: ["src/deep/b.ts"],
      skipped: [],
    });
  });

  test("do not hold what tools make anew, but files of the tree that lie there", async () => {
    const directory = await fresh([...FILES, { path: "dist/kept.js", content: "1" }]);
    for (const name of [".git", "node_modules", "__pycache__", "target", "dist/assets"]) {
      await mkdir(join(directory.path, name), { recursive: true });
      await writeFile(join(directory.path, name, "x"), "generated");
    }
    await writeFile(join(directory.path, "dist/other.js"), "generated");
    await writeFile(join(directory.path, "dist/kept.js"), "2");
    expect(await directory.changes()).toEqual({
      written: [{ path: "dist/kept.js", content: "2" }],
      deleted: [],
      skipped: [],
    });
  });

  test("leave behind what is no plain text file, and do not call it deleted", async () => {
    const directory = await fresh();
    const at = (path: string): string => join(directory.path, path);
    await writeFile(join(home, "secret"), "secret");
    await unlink(at("README.md"));
    await symlink(join(home, "secret"), at("README.md"));
    await rename(at("src"), at("moved"));
    await symlink(home, at("src"));
    await link(join(home, "secret"), at("hard"));
    execFileSync("mkfifo", [at("pipe")]);
    await writeFile(at("binary"), Buffer.from([0xff, 0xfe, 0]));
    await writeFile(at("nul.bin"), "a\0b");
    await writeFile(at("zeros"), "a\0b");
    await writeFile(at("large"), "");
    await truncate(at("large"), CHANGE_LIMITS.file_bytes + 1);
    await writeFile(at("what?"), "");
    await writeFile(Buffer.from(`${directory.path}/\xff`, "latin1"), "");
    const found = await directory.changes();
    expect(found.written.map(({ path }) => path)).toEqual(["moved/a.ts", "moved/deep/b.ts"]);
    expect(found.deleted).toEqual([]);
    expect(reasons(found.skipped)).toEqual({
      "README.md": "it is a symbolic link",
      src: "it is a symbolic link",
      hard: "it is a hard link, which may stand for a file elsewhere",
      pipe: "it is a FIFO",
      binary: "it is no text in UTF-8",
      zeros: "it is no text in UTF-8",
      "nul.bin": "a file name is not the name of a Windows device",
      large: "it is longer than 1048576 bytes",
      "what?": 'a file name has none of < > : " | ? *',
      "\u00ff": "its name is not UTF-8",
    });
  });

  test("a file in the place of a directory deletes what was in it", async () => {
    const directory = await fresh();
    await rm(join(directory.path, "src"), { recursive: true });
    await writeFile(join(directory.path, "src"), "a file now");
    expect(await directory.changes()).toEqual({
      written: [{ path: "src", content: "a file now" }],
      deleted: ["src/a.ts", "src/deep/b.ts"],
      skipped: [],
    });
  });

  test("of two names that are one elsewhere, what was there stays", async () => {
    const directory = await fresh();
    await writeFile(join(directory.path, "Readme.md"), "twin");
    await writeFile(join(directory.path, "SRC"), "twin");
    const found = await directory.changes();
    expect(found.written).toEqual([]);
    expect(Object.keys(reasons(found.skipped))).toEqual(["Readme.md", "SRC"]);
  });

  test("stop at the limits, and say so shortly", async () => {
    const directory = await fresh([{ path: "z.txt", content: "1" }]);
    const many = CHANGE_LIMITS.files + CHANGE_LIMITS.skipped + 50;
    await mkdir(join(directory.path, "many"));
    for (let index = 0; index < many; index += 1)
      await writeFile(join(directory.path, `many/${index}.txt`), "");
    await writeFile(join(directory.path, "z.txt"), "changed after all of them");
    const { written, skipped } = await directory.changes();
    expect(written).toHaveLength(CHANGE_LIMITS.files + 1);
    expect(written.at(-1)?.path).toBe("z.txt");
    expect(skipped).toHaveLength(CHANGE_LIMITS.skipped + 1);
    expect(skipped.at(-1)).toEqual({ path: ".", reason: "and 50 more are not taken over" });
  });

  test("are no longer than the limit together", async () => {
    const directory = await fresh([]);
    const longest = "x".repeat(CHANGE_LIMITS.file_bytes);
    const fitting = CHANGE_LIMITS.bytes / CHANGE_LIMITS.file_bytes;
    for (let index = 10; index <= 10 + fitting; index += 1)
      await writeFile(join(directory.path, `${index}.txt`), longest);
    const { written, skipped } = await directory.changes();
    expect(written).toHaveLength(fitting);
    expect(skipped).toEqual([
      { path: `${10 + fitting}.txt`, reason: "the changes are longer than 8388608 bytes together" },
    ]);
  });

  test("are refused when the directory itself was exchanged", async () => {
    const directory = await fresh();
    await rename(directory.path, `${directory.path}-old`);
    await mkdir(directory.path);
    await expect(directory.changes()).rejects.toThrow("exchanged");
    await rm(directory.path, { recursive: true });
    await symlink(home, directory.path);
    await expect(directory.changes()).rejects.toThrow(/ENOTDIR|ELOOP/);
  });
});

describe("read", () => {
  test("gives the bytes of a plain file, and null for everything else", async () => {
    const directory = await fresh();
    await symlink(join(directory.path, "README.md"), join(directory.path, "linked"));
    await symlink("src", join(directory.path, "linked-directory"));
    execFileSync("mkfifo", [join(directory.path, "pipe")]);
    expect(Buffer.from((await directory.read("src/deep/b.ts", 2))!).toString()).toBe("b\n");
    for (const path of [
      "none",
      "none/x",
      "src",
      "README.md/x",
      "linked",
      "linked-directory/a.ts",
      "pipe",
      "../x",
      "/etc/passwd",
      "",
    ])
      expect([path, await directory.read(path, 1_000)]).toEqual([path, null]);
  });

  test("rejects when the file is longer", async () => {
    const directory = await fresh();
    await expect(directory.read("README.md", 4)).rejects.toMatchObject({ code: "too_long" });
  });
});

describe("remove", () => {
  test("takes everything, whatever commands have made", async () => {
    const directory = await fresh();
    await mkdir(join(home, "outside/below"), { recursive: true });
    await writeFile(join(home, "outside/kept"), "kept");
    const script = [
      "ln -s ../../../../outside way-out; mkfifo pipe; printf x > \"$(printf 'bad\\377')\"",
      "mkdir -p shut/inner; touch shut/inner/x; chmod 000 shut/inner shut",
    ].join("\n");
    execFileSync("/bin/bash", ["-c", script], { cwd: directory.path, stdio: "ignore" });
    const nest =
      "for (let i = 0; i < 450; i += 1) { fs.mkdirSync('0123456789'); process.chdir('0123456789'); }";
    execFileSync(process.execPath, ["-e", nest], { cwd: directory.path });
    await directory.remove();
    await directory.remove();
    expect(await readdir(dirname(dirname(directory.path)))).toEqual([]);
    expect(await readdir(join(home, "outside"))).toEqual(["below", "kept"]);
  });

  test("for another user than root takes unreadable directories too", async () => {
    const program = [
      `import { removeTree } from ${JSON.stringify(join(import.meta.dirname, "remove-tree.ts"))};`,
      "import { mkdirSync, writeFileSync, chmodSync } from 'node:fs';",
      "const home = process.argv[1];",
      "if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }",
      "mkdirSync(home + '/t/a/b', { recursive: true }); writeFileSync(home + '/t/a/b/c', '');",
      "chmodSync(home + '/t/a/b', 0); chmodSync(home + '/t/a', 0);",
      "await removeTree(home + '/t');",
    ].join("\n");
    await chmod(home, 0o777);
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, home], { stdio: "inherit" });
    expect((await once(child, "exit"))[0]).toBe(0);
    expect(await readdir(home)).toEqual([]);
  });
});

describe("left-over directories", () => {
  test("of dead processes go at once, others after a day, and those of living ones stay", async () => {
    const directory = await fresh();
    const workflow = dirname(dirname(directory.path));
    const old = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    const dead = ownedName().replace(/-\d+-/, "-999999999-");
    const reused = ownedName().replace(/-(\d+)-(\d+)-/, "-$1-1-");
    const elsewhere = ownedName().replace(/^[0-9a-f]{8}/, "00000000");
    for (const name of [dead, reused, elsewhere, `${elsewhere}0`, "stray"])
      await mkdir(join(workflow, name, "tree"), { recursive: true });
    for (const name of ["stray", dirname(directory.path)])
      await utimes(join(workflow, name.split("/").at(-1)!), old, old);
    expect([dead, reused, elsewhere].map(ownerOf)).toEqual(["dead", "dead", "unknown"]);
    expect(await sweepWorkspaces(root, new Date(), recordingLogger())).toBe(3);
    expect((await readdir(workflow)).toSorted()).toEqual(
      [elsewhere, `${elsewhere}0`, dirname(directory.path).split("/").at(-1)!].toSorted(),
    );
    expect((await directory.changes()).deleted).toEqual([]);
  });

  test("are swept when a server starts, and nothing outside through a link", async () => {
    await mkdir(join(home, "outside"));
    await writeFile(join(home, "outside/kept"), "kept");
    const dead = ownedName().replace(/-\d+-/, "-999999999-");
    await mkdir(join(root, "w", dead), { recursive: true });
    await symlink(join(home, "outside"), join(root, "w", dead, "out"));
    await open().swept;
    expect(await readdir(join(root, "w"))).toEqual([]);
    expect(await readFile(join(home, "outside/kept"), "utf8")).toBe("kept");
  });
});
