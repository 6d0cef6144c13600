import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { DeliveryError } from "../../ports/delivery-action.ts";
import { type GitResult, runGit } from "../../workspace/git.ts";
import { textOf } from "../../workspace/text-of.ts";
import { type DeliveryTrailers, trailersOf } from "../commit-message.ts";
import type { Tree } from "../merge-trees.ts";

export type Repository = { readonly gitDir: string; readonly signal: AbortSignal };

export type HistoryCommit = {
  readonly id: string;
  readonly parent: string | null;
  readonly committer: string;
  /** Whether it was written when it says; people who rebase or amend one keep only the time of its author. */
  readonly isUntouched: boolean;
  readonly trailers: DeliveryTrailers | null;
  /** Its parents were not fetched. */
  readonly isCut: boolean;
};

const READING_MS = 60_000;
const MOST_BYTES = 64 * 1024 ** 2;
const FORMAT = ["%H", "%P", "%at", "%ct", "%ce", "%B"].join("%n");

/** The commits up to `tip` that are here, newest first. */
export async function readHistory(repository: Repository, tip: string): Promise<readonly HistoryCommit[]> {
  const args = ["log", "-z", "--topo-order", "--no-show-signature", "--no-notes", `--format=${FORMAT}`];
  const out = await run(repository, [...args, "--end-of-options", tip, "--"], "history");
  const cut = await cutCommits(repository.gitDir);
  return out
    .toString("utf8")
    .split("\0")
    .filter((record) => record !== "")
    .map((record) => {
      const [id, parents, written, committed, committer, ...message] = record.split("\n");
      return {
        id: id!,
        parent: parents!.split(" ")[0] || null,
        committer: committer!,
        isUntouched: written === committed,
        trailers: trailersOf(message.join("\n")),
        isCut: cut.has(id!),
      };
    });
}

async function cutCommits(gitDir: string): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readFile(join(gitDir, "shallow"), "utf8")).split("\n"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Set();
    throw error;
  }
}

/** Mode and id of every file, link and submodule of a commit; nothing for no commit. */
export async function readTree(repository: Repository, commit: string | null): Promise<Tree> {
  if (commit === null) return new Map();
  const out = await run(
    repository,
    ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit],
    "files",
  );
  return new Map(
    fieldsOf(out).map((line) => {
      const tab = line.indexOf("\t");
      const [mode, , id] = line.subarray(0, tab).toString("latin1").split(" ");
      return [nameOf(line.subarray(tab + 1)), `${mode} ${id}`] as const;
    }),
  );
}

/** What a commit has put at the paths that it touched; null where it took something away. */
export async function readChanges(
  repository: Repository,
  commit: string,
): Promise<ReadonlyMap<string, string | null>> {
  const args = ["diff-tree", "-r", "-z", "--root", "--no-renames", "--no-commit-id", "--raw", "--no-abbrev"];
  const fields = fieldsOf(await run(repository, [...args, "--end-of-options", commit, "--"], "changes"));
  const changes = new Map<string, string | null>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, mode, , id, kind] = fields[index]!.toString("latin1").split(" ");
    changes.set(nameOf(fields[index + 1]!), kind === "D" ? null : `${mode} ${id}`);
  }
  return changes;
}

/** A name that is no UTF-8 is told from all that are. */
function nameOf(bytes: Buffer): string {
  return textOf(bytes) ?? `\0${bytes.toString("latin1")}`;
}

function fieldsOf(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    fields.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return fields;
}

export async function has(repository: Repository, commit: string): Promise<boolean> {
  return (await git(repository, ["cat-file", "-e", `${commit}^{tree}`])).ok;
}

async function run(repository: Repository, args: readonly string[], what: string): Promise<Buffer> {
  const result = await git(repository, args);
  if (result.cut) throw new DeliveryError(`The ${what} of the remote are more than is read.`);
  if (!result.ok)
    throw new DeliveryError(
      `The ${what} of the remote can't be read. Git says: ${result.stderr.slice(0, 500)}`,
    );
  return result.stdout;
}

function git({ gitDir, signal }: Repository, args: readonly string[]): Promise<GitResult> {
  return runGit({ gitDir, args, timeoutMs: READING_MS, mostBytes: MOST_BYTES, signal });
}
