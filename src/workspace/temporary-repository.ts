import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "../ports/logger.ts";
import { WorkspaceError } from "../ports/workspace.ts";
import { runGit } from "./git.ts";
import { removeTree } from "./remove-tree.ts";

/** Gives `use` the path of a repository that is not there yet, and removes what it has put there. */
export async function inTemporaryRepository<T>(
  logger: Logger,
  use: (gitDir: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "orca-repository-"));
  try {
    return await use(join(directory, "import.git"));
  } finally {
    await removeTree(directory).catch((error: unknown) =>
      logger.warn(
        { err: error, path: directory },
        "a temporary repository could not be removed; remove it by hand",
      ),
    );
  }
}

/** Rejects with a WorkspaceError. */
export async function initRepository(gitDir: string, signal: AbortSignal): Promise<void> {
  const args = ["init", "--bare", "--quiet", "--template=", "--initial-branch=none"];
  const result = await runGit({ gitDir, args, timeoutMs: 30_000, mostBytes: 0, signal });
  if (!result.ok)
    throw new WorkspaceError("git_failed", `No repository could be made in ${tmpdir()}: ${result.stderr}`);
}
