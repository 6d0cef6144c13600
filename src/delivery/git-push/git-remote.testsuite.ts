import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A bare repository, and what people do to it. */
export type GitRemote = {
  /** The directory that the repository lies in. */
  readonly home: string;
  readonly path: string;
  readonly git: (...args: string[]) => string;
  /** Commits on a branch as a person would; a null deletes. Gives the commit. */
  readonly commit: (
    branch: string,
    files: Readonly<Record<string, string | null>>,
    options?: { readonly from?: string; readonly message?: string },
  ) => string;
  /** The files of a branch, with their contents. */
  readonly files: (branch: string) => Readonly<Record<string, string>>;
  /** The ids of a branch's commits, newest first. */
  readonly commits: (branch: string) => readonly string[];
  readonly branches: () => readonly string[];
  /** A program that is run before a push is taken. */
  readonly hook: (script: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Empty, with HEAD at main. */
export async function startGitRemote(): Promise<GitRemote> {
  const home = await mkdtemp(join(tmpdir(), "orca-git-remote-"));
  const path = join(home, "remote.git");
  const run = (args: readonly string[], input?: string): string =>
    execFileSync("git", ["--git-dir", path, ...args], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
      ...(input === undefined ? {} : { input }),
      stdio: ["pipe", "pipe", "pipe"],
    }).trim();
  run(["init", "-q", "--bare", "--template=", "--initial-branch=main"]);
  let clock = 1_700_000_000;
  const known = new Set<string>();
  return {
    home,
    path,
    git: (...args) => run(args),
    commit: (branch, files, { from = known.has(branch) ? branch : null, message = "by hand\n" } = {}) => {
      known.add(branch);
      clock += 60;
      const lines = [
        `commit refs/heads/${branch}`,
        `committer A Person <person@example.org> ${clock} +0000`,
        `data ${Buffer.byteLength(message)}\n${message}`,
        ...(from === null ? [] : [`from ${run(["rev-parse", from])}`]),
        ...Object.entries(files).map(([name, content]) =>
          content === null ? `D ${name}` : `M ${entryOf(content)} ${name}${dataOf(content)}`,
        ),
      ];
      run(["fast-import", "--quiet", "--force"], `${lines.join("\n")}\n`);
      return run(["rev-parse", `refs/heads/${branch}`]);
    },
    files: (branch) => {
      const names = run(["ls-tree", "-r", "-z", "--name-only", branch]).split("\0").filter(Boolean);
      return Object.fromEntries(names.map((name) => [name, run(["cat-file", "-p", `${branch}:${name}`])]));
    },
    commits: (branch) => run(["rev-list", branch]).split("\n"),
    branches: () =>
      run(["for-each-ref", "--format=%(refname:short)", "refs/heads"]).split("\n").filter(Boolean),
    hook: async (script) => {
      await mkdir(join(path, "hooks"), { recursive: true });
      await writeFile(join(path, "hooks/pre-receive"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

/** `link:…` is a symbolic link, `module:…` a submodule, `#!…` can be executed. */
function entryOf(content: string): string {
  if (content.startsWith("module:")) return `160000 ${content.slice("module:".length)}`;
  if (content.startsWith("link:")) return "120000 inline";
  return `${content.startsWith("#!") ? "100755" : "100644"} inline`;
}

function dataOf(content: string): string {
  if (content.startsWith("module:")) return "";
  const text = content.replace(/^link:/, "");
  return `\ndata ${Buffer.byteLength(text)}\n${text}`;
}
