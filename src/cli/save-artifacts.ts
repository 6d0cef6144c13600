import { mkdtemp, readFile, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";

import { refusalOfPath } from "../core/artifact-path.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { type FileToWrite, UnsafePathError, writeFiles } from "../files/write-files.ts";
import { CliError } from "./exit-code.ts";
import type { HttpClient } from "./http-client.ts";

export type SaveOptions = {
  readonly directory: string;
  readonly force: boolean;
  /** `best` or `cycle-<n>`; the newest when absent. */
  readonly tree?: string;
};

/**
 * Writes the files of a tree under `directory`; refuses paths that would leave it and, without
 * `force`, files that have other content. Resolves with the files.
 */
export async function saveArtifacts(client: HttpClient, id: string, options: SaveOptions): Promise<string[]> {
  const { directory, force, tree } = options;
  const files: FileToWrite[] = [];
  for (const { artifact, path } of await filesOf(client, id, tree)) {
    files.push({ path, content: await client.readArtifact(id, artifact) });
  }
  if (!force) await refuseOverwriting(directory, files);
  try {
    return await writeFiles(resolve(directory), files);
  } catch (error) {
    throw notWritten(directory, error);
  }
}

async function filesOf(client: HttpClient, id: string, tree: string | undefined) {
  if (tree === undefined)
    return (await client.listArtifacts(id)).map((one) => ({ path: one.path, artifact: one.id }));
  return (await client.listFiles(id, tree)).map((one) => ({ path: one.path, artifact: one.artifact_id }));
}

/** Makes the directory and proves that files can be put there, before anything is paid for. */
export async function proveWritable(directory: string): Promise<void> {
  const root = resolve(directory);
  try {
    await makeDirectory(root);
    await rmdir(await mkdtemp(join(root, ".orca-")));
  } catch (error) {
    throw notWritten(directory, error);
  }
}

function notWritten(directory: string, error: unknown): CliError {
  const { message } = error as Error;
  return new CliError(
    "unavailable",
    error instanceof UnsafePathError ? message : `can't write to ${directory}: ${message}`,
    { cause: error, code: "artifacts_not_written" },
  );
}

async function refuseOverwriting(directory: string, files: readonly FileToWrite[]): Promise<void> {
  const inTheWay: string[] = [];
  for (const { path, content } of files) {
    // A path that is not written anyway must not be looked at either.
    if (refusalOfPath(path) !== null) continue;
    const standing = await contentOf(join(resolve(directory), path));
    if (standing !== null && !standing.equals(Buffer.from(content))) inTheWay.push(path);
  }
  if (inTheWay.length === 0) return;
  const list = inTheWay.join(", ");
  throw new CliError(
    "conflict",
    `nothing was written to ${directory}: other content stands in ${list}; overwrite it with --force, or choose another directory`,
    { code: "files_differ" },
  );
}

/** Null where no file stands; what can't be read is left to the writing, which says why. */
async function contentOf(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch {
    return null;
  }
}
