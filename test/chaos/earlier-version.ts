import { execFile, execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { access, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Program } from "./node.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The version that rolling deploys start from: the oldest that can read the events of this one. */
const EARLIER_COMMIT = "57e0526e6113b03de0ea1f4f14116db92dab04e0";

/** What `rolling` starts from; `CHAOS_EARLIER_COMMIT` names another one. */
function earlierCommit(): string {
  return process.env["CHAOS_EARLIER_COMMIT"] || EARLIER_COMMIT;
}

/** Why the earlier version can't be checked out, for a person; null when it can. */
export async function whyNoEarlierVersion(): Promise<string | null> {
  const commit = earlierCommit();
  try {
    await access(join(ROOT, ".git"));
    await run("git", ["-C", ROOT, "cat-file", "-e", `${commit}^{commit}`]);
    return null;
  } catch {
    const advice = "fetch the whole history (git fetch --unshallow) or name one in CHAOS_EARLIER_COMMIT";
    return `the earlier version ${commit} is not in the git repository ${ROOT}: ${advice}`;
  }
}

/** A commit of this repository in a working tree of its own, over the packages that are installed here. */
export class EarlierVersion {
  readonly program: Program;
  readonly #directory: string;
  readonly #onExit = (): void => {
    execFileSync("git", removal(this.#directory), { stdio: "ignore" });
    rmSync(this.#directory, { recursive: true, force: true });
  };

  private constructor(directory: string, commit: string) {
    this.#directory = directory;
    const file = join(treeIn(directory), "src/cli/main.ts");
    this.program = { version: commit.slice(0, 7), file, preload: null };
    process.on("exit", this.#onExit);
  }

  /** Throws an error with the next action when the commit is not to be had. */
  static async open(): Promise<EarlierVersion> {
    const missing = await whyNoEarlierVersion();
    if (missing !== null) throw new Error(missing);
    const commit = earlierCommit();
    const directory = await mkdtemp(join(tmpdir(), "orca-earlier-"));
    await run("git", ["-C", ROOT, "worktree", "add", "--quiet", "--detach", treeIn(directory), commit]);
    await symlink(join(ROOT, "node_modules"), join(treeIn(directory), "node_modules"));
    return new EarlierVersion(directory, commit);
  }

  async remove(): Promise<void> {
    process.off("exit", this.#onExit);
    await run("git", removal(this.#directory));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function treeIn(directory: string): string {
  return join(directory, "tree");
}

function removal(directory: string): string[] {
  return ["-C", ROOT, "worktree", "remove", "--force", treeIn(directory)];
}
