import { lstat, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "../ports/logger.ts";
import { ownerOf } from "./directory-owner.ts";
import { HISTORY_NAME } from "./history.ts";
import { removeTree } from "./remove-tree.ts";
import { codeOf } from "./walk-tree.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const OLDEST_MS = { directory: DAY_MS, history: 30 * DAY_MS } as const;

/**
 * Removes what earlier processes have left under `root`: directories whose process is gone, those of other machines
 * and of unknown origin after a day, and histories that nobody asked for in 30 days. Resolves with how many; what
 * cannot be removed is logged and stays.
 */
export async function sweepWorkspaces(root: string, now: Date, logger: Logger): Promise<number> {
  let removed = 0;
  for (const workflow of await namesIn(root)) {
    for (const name of await namesIn(join(root, workflow))) {
      const path = join(root, workflow, name);
      try {
        if (!(await isLeftOver(path, name, now))) continue;
        await removeTree(path);
        removed += 1;
      } catch (error) {
        logger.warn({ err: error, path }, "a left-over workspace could not be removed; remove it by hand");
      }
    }
    await removeIfEmpty(join(root, workflow), now);
  }
  if (removed > 0) logger.info({ removed, root }, "removed left-over workspaces");
  return removed;
}

async function isLeftOver(path: string, name: string, now: Date): Promise<boolean> {
  const about = await lstat(path);
  if (!about.isDirectory()) return false;
  const age = now.getTime() - about.mtimeMs;
  if (name === HISTORY_NAME) return age > OLDEST_MS.history;
  const owner = ownerOf(name);
  return owner === "dead" || (owner === "unknown" && age > OLDEST_MS.directory);
}

async function removeIfEmpty(path: string, now: Date): Promise<void> {
  try {
    const about = await lstat(path);
    if (about.isDirectory() && now.getTime() - about.mtimeMs > OLDEST_MS.directory) await rmdir(path);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error;
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return [];
    throw error;
  }
}
