import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type ImportedTree, type Repositories, RepositoryError } from "../ports/workspace.ts";
import { fetchCommit, IMPORTED } from "./fetch-commit.ts";
import { type GitServer, startGitServer } from "./git-server.testsuite.ts";
import { readCommit } from "./read-commit.ts";
import { recordingLogger } from "./recording-logger.testsuite.ts";
import { createRepositories } from "./repositories.ts";
import { IMPORT_LIMITS } from "./tree-limits.ts";

let home = "";
let allowed = "";
let source = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-repositories-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));
beforeEach(async () => {
  allowed = await mkdtemp(join(home, "allowed-"));
  source = join(allowed, "source");
  await mkdir(source);
  git("init", "-q", "-b", "main");
  await commit({ "README.md": "# Hi\n", "src/a.ts": "a\n", "src/deep/b.ts": "b\n" }, "first");
});

function git(...args: string[]): string {
  const identity = [
    "-c",
    "user.name=A",
    "-c",
    "user.email=a@example.org",
    "-c",
    "protocol.file.allow=always",
  ];
  return execFileSync("git", [...identity, ...args], {
    cwd: source,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

async function commit(files: Record<string, string | Buffer>, message: string): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), content);
  }
  git("add", "-A", "-f");
  git("commit", "-q", "-m", message);
  return git("rev-parse", "HEAD");
}

const open = (...more: string[]): Repositories =>
  createRepositories({ allowed: [allowed, ...more], logger: recordingLogger() });
const read = (ref: string | null = null, path: string | null = null, repo = source): Promise<ImportedTree> =>
  open().read({ repo, ref, path }, new AbortController().signal);
const paths = ({ files }: ImportedTree): string[] => files.map((file) => file.path);

describe("a repository on this machine", () => {
  test("is read at its HEAD", async () => {
    expect(await read()).toEqual({
      commit: git("rev-parse", "HEAD"),
      files: [
        { path: "README.md", content: "# Hi\n" },
        { path: "src/a.ts", content: "a\n" },
        { path: "src/deep/b.ts", content: "b\n" },
      ],
      skipped: [],
    });
  });

  test("is read at a branch, a tag and a commit, loose and packed", async () => {
    const first = git("rev-parse", "HEAD");
    git("tag", "-a", "v1", "-m", "one");
    git("checkout", "-q", "-b", "feature/x");
    const second = await commit({ "new.txt": "new\n" }, "second");
    git("checkout", "-q", "main");
    for (let round = 0; round < 2; round += 1) {
      expect((await read("feature/x")).commit).toBe(second);
      expect((await read("refs/heads/feature/x")).commit).toBe(second);
      expect((await read("v1")).commit).toBe(first);
      expect((await read(second)).commit).toBe(second);
      expect((await read()).commit).toBe(first);
      git("gc", "-q");
    }
  });

  test("is read in a directory of it, which becomes the root", async () => {
    expect(paths(await read(null, "src"))).toEqual(["a.ts", "deep/b.ts"]);
    await expect(read(null, "none")).rejects.toThrow('no directory "none"');
    await expect(read(null, "README.md")).rejects.toThrow("no directory");
  });

  test("may be bare, a linked worktree, or borrow objects inside of what is allowed", async () => {
    const head = git("rev-parse", "HEAD");
    git("clone", "-q", "--bare", ".", join(allowed, "bare.git"));
    git("clone", "-q", "--shared", ".", join(allowed, "shared"));
    git("worktree", "add", "-q", "-b", "side", join(allowed, "worktree"));
    for (const name of ["bare.git", "shared", "worktree"])
      expect([name, (await read(null, null, join(allowed, name))).commit]).toEqual([name, head]);
  });

  test("leaves links, submodules, binary, large and misnamed files behind", async () => {
    await symlink("/etc/passwd", join(source, "link"));
    git("-c", "protocol.file.allow=always", "submodule", "-q", "add", source, "module");
    await writeFile(join(source, "large.txt"), "");
    await truncate(join(source, "large.txt"), IMPORT_LIMITS.file_bytes + 1);
    await commit({ "image.png": Buffer.from([0x89, 0x50, 0xff]), "nul.txt": "", "README.MD": "twin" }, "odd");
    await writeFile(Buffer.from(`${source}/\xff`, "latin1"), "");
    await commit({ "exact.txt": "x".repeat(IMPORT_LIMITS.file_bytes) }, "more");
    const tree = await read();
    expect(paths(tree)).toEqual([".gitmodules", "README.MD", "exact.txt", "src/a.ts", "src/deep/b.ts"]);
    expect(Object.fromEntries(tree.skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      link: "it is a symbolic link",
      module: "it is a submodule",
      "large.txt": "it is longer than 524288 bytes",
      "image.png": "it is no text in UTF-8",
      "nul.txt": "a file name is not the name of a Windows device",
      "README.md": "it is the same as README.MD where case does not count",
      "\u00ff": "its name is not UTF-8",
    });
  });

  test.each([
    ["files", IMPORT_LIMITS.files, 1],
    ["bytes", IMPORT_LIMITS.bytes / IMPORT_LIMITS.file_bytes, IMPORT_LIMITS.file_bytes],
  ])("with too many %s is refused with the advice to name a directory", async (_what, count, length) => {
    await rm(join(source, "README.md"));
    await rm(join(source, "src"), { recursive: true });
    const file = (index: number): [string, string] => [
      `many/${index}.txt`,
      String(index % 10).repeat(length),
    ];
    await commit(Object.fromEntries(Array.from({ length: count }, (_, index) => file(index))), "just fits");
    expect((await read()).files).toHaveLength(count);
    await commit({ "other/one.txt": "1" }, "one more");
    await expect(read()).rejects.toThrow(
      /more than \d+ (text files|bytes of text).*Name a directory of the repository as path/,
    );
    expect((await read(null, "other")).files).toHaveLength(1);
  });

  test.each([
    ["no commit", async () => git("checkout", "-q", "--orphan", "empty"), null, "no commit at its HEAD"],
    ["an unknown branch", async () => null, "nope", 'no branch, tag or whole commit id "nope"'],
    ["an unknown commit", async () => null, "1".repeat(40), "has no commit 111"],
    [
      "no repository",
      async () => rm(join(source, ".git"), { recursive: true }),
      null,
      "no git repository in",
    ],
    ["no directory", async () => rm(source, { recursive: true }), null, "is not there"],
    [
      "missing objects",
      async () => rm(join(source, ".git/objects/pack"), { recursive: true }),
      null,
      "The repository",
    ],
    ["SHA-256", async () => git("config", "extensions.objectFormat", "sha256"), null, "SHA-256 or reftables"],
  ])("%s is said", async (_what, change, ref, message) => {
    if (ref === null) git("repack", "-adq");
    await change();
    const failure = await read(ref).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RepositoryError);
    expect((failure as Error).message).toContain(message);
  });

  test("is not read when it was called off, and leaves nothing in the temp directory", async () => {
    const temporary = async (): Promise<number> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("orca-repository-")).length;
    const before = await temporary();
    await read();
    await expect(
      open().read({ repo: source, ref: null, path: null }, AbortSignal.abort(new Error("off"))),
    ).rejects.toThrow("off");
    expect(await temporary()).toBe(before);
  });
});

describe("a repository that leads out of what is allowed", () => {
  let outside = "";
  beforeEach(async () => {
    outside = join(await mkdtemp(join(home, "outside-")), "secret");
    await cp(source, outside, { recursive: true });
  });
  const ways: Record<string, () => Promise<unknown>> = {
    "is a link": async () => {
      await rm(source, { recursive: true });
      await symlink(outside, source);
    },
    "has a link as .git": async () => {
      await rm(join(source, ".git"), { recursive: true });
      await symlink(join(outside, ".git"), join(source, ".git"));
    },
    "has a .git file": async () => {
      await rm(join(source, ".git"), { recursive: true });
      await writeFile(join(source, ".git"), `gitdir: ${join(outside, ".git")}\n`);
    },
    "has a common directory": async () => writeFile(join(source, ".git/commondir"), join(outside, ".git")),
    "borrows objects": async () =>
      writeFile(
        join(source, ".git/objects/info/alternates"),
        `../../../../${outside.slice(home.length + 1)}/.git/objects\n`,
      ),
    "has a link to objects": async () => {
      await rm(join(source, ".git/objects"), { recursive: true });
      await symlink(join(outside, ".git/objects"), join(source, ".git/objects"));
    },
    "has a link to some objects": async () => {
      const [some] = (await readdir(join(source, ".git/objects"))).filter((name) => name.length === 2);
      await rename(
        join(source, ".git/objects", some!),
        join(home, `moved-${outside.split("-").at(-1)!.split("/")[0]!}`),
      );
      await symlink(join(outside, ".git/objects", some!), join(source, ".git/objects", some!));
    },
    "has a link to a pack": async () => {
      for (const repo of [outside, source]) execFileSync("git", ["repack", "-adq"], { cwd: repo });
      const packs = join(source, ".git/objects/pack");
      for (const name of await readdir(packs)) {
        await rm(join(packs, name));
        await symlink(join(outside, ".git/objects/pack", name), join(packs, name));
      }
    },
    "has a link to a branch": async () => {
      await rm(join(source, ".git/refs/heads/main"));
      await symlink(join(outside, ".git/refs/heads/main"), join(source, ".git/refs/heads/main"));
    },
  };
  test.each(Object.keys(ways))("because it %s is refused", async (way) => {
    expect((await read()).files).toHaveLength(3);
    await ways[way]!();
    await expect(read()).rejects.toThrow("leads out of the allowed directories");
  });
});

describe("a repository over https", () => {
  let server: GitServer;
  let gitDir = "";
  beforeAll(async () => {
    server = await startGitServer(home);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    gitDir = join(await mkdtemp(join(home, "import-")), "import.git");
    git("init", "-q", "--bare", gitDir);
    git("config", "--file", join(gitDir, "config"), "http.sslCAInfo", server.certificate);
  });
  const fetching = (path: string, ref = "HEAD", addresses = ["127.0.0.1"]): Promise<void> =>
    fetchCommit(gitDir, {
      url: new URL(`https://repo.example:${server.port}/${path}`),
      ref,
      addresses,
      signal: new AbortController().signal,
    });
  const below = (path: string): string => path.slice(home.length + 1);

  test("is fetched from the address that was checked, without its past", async () => {
    await commit({ "later.txt": "later\n" }, "second");
    await fetching(below(join(source, ".git")));
    const tree = await readCommit({
      gitDir,
      commit: IMPORTED,
      path: null,
      signal: new AbortController().signal,
    });
    expect(tree.commit).toBe(git("rev-parse", "HEAD"));
    expect(paths(tree)).toContain("later.txt");
    expect(
      execFileSync("git", [`--git-dir=${gitDir}`, "rev-list", "--count", IMPORTED], { encoding: "utf8" }),
    ).toBe("1\n");
  });

  test("may be fetched at a branch and a commit, and says what is missing", async () => {
    await fetching(below(join(source, ".git")), "main");
    await fetching(below(join(source, ".git")), git("rev-parse", "HEAD"));
    await expect(fetching(below(join(source, ".git")), "nope")).rejects.toThrow("the branch exists");
    await expect(fetching("none.git")).rejects.toThrow("could not be fetched");
  });

  test("is not followed to another address", async () => {
    const before = server.requests.length;
    await expect(fetching(`moved/${below(join(source, ".git"))}`)).rejects.toThrow("no redirects");
    expect(server.requests.slice(before)).toHaveLength(1);
  });

  test("is not fetched when its certificate is unknown", async () => {
    git("config", "--file", join(gitDir, "config"), "--unset", "http.sslCAInfo");
    await expect(fetching(below(join(source, ".git")))).rejects.toThrow(/certificate/i);
  });
});
