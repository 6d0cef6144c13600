import { constants, type Dirent } from "node:fs";
import { chmod, open, rename, rm, rmdir, unlink } from "node:fs/promises";

import { OpenDirectory, type RawName } from "../files/open-directory.ts";
import { codeOf } from "./walk-tree.ts";

/** Of Linux: a descriptor that only names a thing, which needs no permission to read it. Unknown to Node. */
const O_PATH = 0o1000_0000;

const MOST_TIME_MS = 60_000;

/**
 * Removes a directory with all that commands have made in it: unreadable directories, names that are no text, nesting
 * without end. Nothing outside is touched, even while somebody puts links in the places of directories.
 * Rejects when something stays.
 */
export async function removeTree(path: string): Promise<void> {
  if (process.platform !== "linux") {
    await rm(path, { recursive: true, force: true });
    return;
  }
  const root = await OpenDirectory.open(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (root === null) return;
  try {
    await emptyFlat(root);
  } finally {
    await root.close();
  }
  await rmdir(path);
}

/** Directories in directories are moved up first, so that neither depth nor length of paths matters. */
async function emptyFlat(root: OpenDirectory): Promise<void> {
  const until = performance.now() + MOST_TIME_MS;
  let moved = 0;
  for (let before = -1; before !== 0;) {
    let left = 0;
    for await (const entry of root.entries()) {
      left += 1;
      if (performance.now() > until)
        throw new Error(`A workspace is not empty after ${MOST_TIME_MS} ms of removing.`);
      if (await removeLeaf(root, entry)) continue;
      await using below = await openWhatever(root, entry.name);
      if (below === null) continue;
      for await (const inner of below.entries()) {
        if (await removeLeaf(below, inner)) continue;
        await grant(below, inner.name);
        await tolerate(rename(below.at(inner.name), root.at(`.removed-${process.pid}-${(moved += 1)}`)));
      }
      await tolerate(rmdir(root.at(entry.name)));
    }
    before = left;
  }
}

/** False for a directory. */
async function removeLeaf(directory: OpenDirectory, entry: Dirent<Buffer>): Promise<boolean> {
  if (entry.isDirectory()) return false;
  await tolerate(unlink(directory.at(entry.name as RawName)));
  return true;
}

async function openWhatever(parent: OpenDirectory, name: Buffer): Promise<OpenDirectory | null> {
  await grant(parent, name);
  return parent.directory(name).catch((error: unknown) => {
    if (CHANGED_MEANWHILE.has(codeOf(error))) return null;
    throw error;
  });
}

/** Makes a directory ours to change, by its descriptor: chmod by path would follow a link that was put there. */
async function grant(parent: OpenDirectory, name: Buffer): Promise<void> {
  const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(parent.at(name as RawName), flags).catch((error: unknown) => {
    if (CHANGED_MEANWHILE.has(codeOf(error))) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await chmod(`/proc/self/fd/${handle.fd}`, 0o700);
  } finally {
    await handle.close();
  }
}

/** What somebody else changed between two looks is seen again in the next round. */
const CHANGED_MEANWHILE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ENOTEMPTY", "EEXIST"]);

async function tolerate(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!CHANGED_MEANWHILE.has(codeOf(error))) throw error;
  });
}
