import { constants } from "node:fs";
import { lstat, mkdtemp, open, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";

import { pathKey, refusalOfPath } from "../core/artifact-path.ts";
import { makeDirectory } from "./make-directory.ts";

export type FileToWrite = { readonly path: string; readonly content: string };

/** A directory or a path that must not be written. `message` says which and why. */
export class UnsafePathError extends Error {
  override readonly name = "UnsafePathError";
}

/**
 * Puts files under `directory`, which is created when missing. Every path is checked before the first byte is written;
 * each file appears complete or not at all, and no symbolic link leads out of the directory.
 * Writing the same files again changes nothing. Resolves with the absolute paths; rejects with an UnsafePathError or a system error.
 */
export async function writeFiles(directory: string, files: readonly FileToWrite[]): Promise<string[]> {
  refuseBadNames(files);
  await makeDirectory(resolve(directory));
  const root = await realpath(directory);
  for (const file of files) await refuseBadPlace(root, file.path);
  const staging = await mkdtemp(join(root, ".orca-"));
  try {
    const staged: { readonly from: string; readonly path: string }[] = [];
    for (const [index, file] of files.entries()) {
      const from = join(staging, String(index));
      await writeDurably(from, file.content);
      staged.push({ from, path: file.path });
    }
    const written: string[] = [];
    for (const { from, path } of staged) written.push(await place(root, from, path));
    return written;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function refuseBadNames(files: readonly FileToWrite[]): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const refusal = refusalOfPath(path);
    if (refusal !== null) throw new UnsafePathError(`${JSON.stringify(path)} is not written: ${refusal}`);
    const twin = seen.get(pathKey(path));
    if (twin !== undefined)
      throw new UnsafePathError(`${path} and ${twin} are the same file where case does not count`);
    seen.set(pathKey(path), path);
  }
}

/** Refuses a path whose existing part leads out of the root, or whose last part is no file. */
async function refuseBadPlace(root: string, path: string): Promise<void> {
  const target = join(root, path);
  const parent = await realpathOfExisting(dirname(target));
  if (!isInside(root, parent))
    throw new UnsafePathError(`${path} leads out of ${root} through a symbolic link`);
  const existing = await lstatOrNull(target);
  if (existing && !existing.isFile() && !existing.isSymbolicLink())
    throw new UnsafePathError(`${path} is not written: something that is no file stands there`);
}

/** Renames over what stands there, so that a link in the last place is replaced and never followed. */
async function place(root: string, from: string, path: string): Promise<string> {
  const target = join(root, path);
  await makeDirectory(dirname(target));
  await refuseBadPlace(root, path);
  await rename(from, target);
  return target;
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    await handle.writeFile(content, "utf8");
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The real place of a path of which the last parts may not exist yet. */
export async function realpathOfExisting(path: string): Promise<string> {
  const absolute = resolve(path);
  if ((await lstatOrNull(absolute)) !== null) return realpath(absolute);
  const parent = dirname(absolute);
  if (parent === absolute) return absolute;
  return join(await realpathOfExisting(parent), relative(parent, absolute));
}

/** Whether `path` is `root` or below it; both real and absolute. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

async function lstatOrNull(path: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
