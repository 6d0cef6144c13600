import { Readable } from "node:stream";

import { refusalOfPath } from "../core/artifact-path.ts";
import { type ImportedTree, RepositoryError, type TreeFile } from "../ports/workspace.ts";
import { type GitResult, runGit } from "./git.ts";
import { SkippedPaths } from "./skipped-paths.ts";
import { textOf } from "./text-of.ts";
import { CHANGE_LIMITS, IMPORT_LIMITS, Twins } from "./tree-limits.ts";

type Wanted = { readonly path: string; readonly id: string; readonly size: number };

type Reading = {
  readonly gitDir: string;
  /** Any name that git understands; checked by the caller. */
  readonly commit: string;
  readonly path: string | null;
  readonly signal: AbortSignal;
};

/** Longest part of the contents that is held in memory besides what is kept. */
const BATCH_BYTES = 8 * 1024 ** 2;

/** The text files of a commit. Rejects with a RepositoryError that says which limit it broke. */
export async function readCommit(reading: Reading): Promise<ImportedTree> {
  const commit = await commitId(reading);
  const skipped = new SkippedPaths(CHANGE_LIMITS.skipped);
  const twins = new Twins();
  const wanted: Wanted[] = [];
  for (const entry of await listTree(reading, commit)) {
    const refusal = refusalOfEntry(entry) ?? twins.refusalOf(entry.path);
    if (refusal === null) wanted.push(entry);
    else skipped.add(entry.path, refusal);
  }
  const files: TreeFile[] = [];
  let total = 0;
  for (const batch of batches(wanted)) {
    const contents = await readBlobs(reading, batch);
    for (const [index, { path, size }] of batch.entries()) {
      const content = textOf(contents[index]!);
      if (content === null) skipped.add(path, "it is no text in UTF-8");
      else {
        total += size;
        files.push({ path, content });
        if (files.length > IMPORT_LIMITS.files) throw tooMuch(`${IMPORT_LIMITS.files} text files`);
        if (total > IMPORT_LIMITS.bytes) throw tooMuch(`${IMPORT_LIMITS.bytes} bytes of text`);
      }
    }
  }
  return { commit, files, skipped: skipped.report() };
}

async function commitId(reading: Reading): Promise<string> {
  const result = await git(reading, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${reading.commit}^{commit}`,
  ]);
  const id = result.stdout.toString("latin1").trim();
  if (!result.ok || !/^[0-9a-f]{40,64}$/.test(id))
    throw new RepositoryError(`The repository has no commit ${reading.commit}. ${result.stderr}`.trim());
  return id;
}

type TreeEntry = Wanted & { readonly mode: string };

async function listTree(reading: Reading, commit: string): Promise<TreeEntry[]> {
  const tree = reading.path === null ? commit : `${commit}:${reading.path}`;
  const result = await git(reading, ["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", tree]);
  if (
    !result.ok &&
    /promisor|missing|unable to read|could not get object/i.test(result.stderr) &&
    reading.path === null
  )
    throw new RepositoryError(
      `The repository lacks objects of that commit. Fetch it as a whole first. ${result.stderr}`,
    );
  if (!result.ok && reading.path !== null)
    throw new RepositoryError(
      `The repository has no directory ${JSON.stringify(reading.path)} in that commit.`,
    );
  if (!result.ok)
    throw new RepositoryError(`The tree of the commit could not be listed: ${reasonOf(result)}`);
  const entries = split(result.stdout).map(parseEntry);
  if (result.cut || entries.length > IMPORT_LIMITS.entries)
    throw tooMuch(`${IMPORT_LIMITS.entries} files of any kind`);
  return entries;
}

/** Names need not be UTF-8; such a one shows as U+FFFD, and is refused by the entry's mode. */
function parseEntry(line: Buffer): TreeEntry {
  const tab = line.indexOf("\t");
  const [mode, , id, size] = line.subarray(0, tab).toString("latin1").split(/ +/);
  const name = line.subarray(tab + 1);
  const path = textOf(name);
  return {
    mode: path === null ? "" : mode!,
    id: id!,
    size: Number(size),
    path: path ?? name.toString("latin1"),
  };
}

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}

function refusalOfEntry({ mode, path, size }: TreeEntry): string | null {
  if (mode === "") return "its name is not UTF-8";
  if (mode === "120000") return "it is a symbolic link";
  if (mode === "160000") return "it is a submodule";
  if (mode !== "100644" && mode !== "100755") return `it has the mode ${mode}`;
  const refusal = refusalOfPath(path);
  if (refusal !== null) return refusal;
  return size <= IMPORT_LIMITS.file_bytes ? null : `it is longer than ${IMPORT_LIMITS.file_bytes} bytes`;
}

function* batches(wanted: readonly Wanted[]): Generator<readonly Wanted[]> {
  let batch: Wanted[] = [];
  let bytes = 0;
  for (const each of wanted) {
    if (batch.length > 0 && bytes + each.size > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(each);
    bytes += each.size;
  }
  if (batch.length > 0) yield batch;
}

async function readBlobs(reading: Reading, batch: readonly Wanted[]): Promise<Buffer[]> {
  const input = Readable.from([Buffer.from(batch.map(({ id }) => `${id}\n`).join(""))]);
  const result = await git(reading, ["cat-file", "--batch"], input);
  if (!result.ok || result.cut) throw new RepositoryError(`The files could not be read: ${reasonOf(result)}`);
  const contents: Buffer[] = [];
  let at = 0;
  for (const { id, path, size } of batch) {
    const head = `${id} blob ${size}\n`;
    const found = result.stdout.subarray(at, at + head.length).toString("latin1");
    if (found !== head)
      throw new RepositoryError(
        `The repository lacks the content of ${JSON.stringify(path)}. Fetch it as a whole first.`,
      );
    contents.push(result.stdout.subarray(at + head.length, at + head.length + size));
    at += head.length + size + 1;
  }
  return contents;
}

function git(reading: Reading, args: readonly string[], input?: Readable): Promise<GitResult> {
  return runGit({
    gitDir: reading.gitDir,
    args,
    timeoutMs: IMPORT_LIMITS.time_ms,
    mostBytes: 32 * 1024 ** 2,
    signal: reading.signal,
    ...(input === undefined ? {} : { input }),
  });
}

function reasonOf(result: GitResult): string {
  if (result.timedOut) return `it took longer than ${IMPORT_LIMITS.time_ms} ms.`;
  return result.stderr || "git said nothing.";
}

function tooMuch(limit: string): RepositoryError {
  return new RepositoryError(
    `There are more than ${limit}, which is more than a workflow starts with. Name a directory of the repository as path.`,
  );
}
