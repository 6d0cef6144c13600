import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, realpath, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";

import { pathKey, refusalOfPath } from "../core/artifact-path.ts";
import { makeDirectory } from "./make-directory.ts";
import { OpenDirectory } from "./open-directory.ts";

export type FileToWrite = { readonly path: string; readonly content: string };

/** A directory or a path that must not be written. `message` says which and why. */
export class UnsafePathError extends Error {
  override readonly name = "UnsafePathError";
}

/**
 * Puts files under `directory`, which is created when missing. Every path is checked before the first byte is written;
 * each file appears complete or not at all, and no symbolic link leads out of the directory, not even one that is put
 * there meanwhile (on Linux; elsewhere the places are looked at just before).
 * Writing the same files again changes nothing. Resolves with the absolute paths; rejects with an UnsafePathError or a system error.
 */
export async function writeFiles(directory: string, files: readonly FileToWrite[]): Promise<string[]> {
  refuseBadNames(files);
  await makeDirectory(resolve(directory));
  const root = await realpath(directory);
  for (const file of files) await refuseBadPlace(root, file.path);
  await using held = await OpenDirectory.open(root);
  const stagingName = `.orca-${randomBytes(6).toString("hex")}`;
  await mkdir(held.at(stagingName), { mode: 0o700 });
  await using staging = await held.directory(stagingName);
  try {
    for (const [index, file] of files.entries()) await writeDurably(staging.at(String(index)), file.content);
    for (const [index, file] of files.entries()) {
      await place({ root, held, from: staging.at(String(index)), path: file.path });
    }
    return files.map((file) => join(root, file.path));
  } finally {
    for (const index of files.keys()) await rm(staging.at(String(index)), { force: true });
    await removeIfThere(held.at(stagingName));
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
  if (!isInside(root, parent)) throw leadsOut(root, path);
  const existing = await lstatOrNull(target);
  if (existing && !existing.isFile() && !existing.isSymbolicLink())
    throw new UnsafePathError(`${path} is not written: something that is no file stands there`);
}

/**
 * Renames over what stands there, so that a link in the last place is replaced and never followed. The directories
 * above are gone through one by one and asked where they really are once they are held.
 */
async function place(file: {
  readonly root: string;
  readonly held: OpenDirectory;
  readonly from: string;
  readonly path: string;
}): Promise<void> {
  const names = file.path.split("/");
  const opened: OpenDirectory[] = [];
  try {
    let at = file.held;
    for (const name of names.slice(0, -1)) {
      await at.make(name);
      at = await at.followedDirectory(name);
      opened.push(at);
      if (!isInside(file.root, await at.realPath())) throw leadsOut(file.root, file.path);
    }
    await refuseBadPlace(file.root, file.path);
    await rename(file.from, at.at(names.at(-1)!));
  } finally {
    for (const directory of opened) await directory.close();
  }
}

function leadsOut(root: string, path: string): UnsafePathError {
  return new UnsafePathError(`${path} leads out of ${root} through a symbolic link`);
}

async function removeIfThere(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
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
