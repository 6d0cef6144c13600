import { lstatSync, realpathSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";

import type { TreeChanges, TreeFile, WorkingDirectory } from "../../../src/ports/workspace.ts";

/** What a name becomes on the way through a URL, a program in C, and Windows. */
function resolveNaively(root: string, path: string): string {
  const decoded = decodeURIComponent(path.toWellFormed()).split("\0")[0]!.replaceAll("\\", "/");
  return isAbsolute(decoded) && !decoded.startsWith("//") ? decoded : join(root, decoded);
}

export async function naiveWrite(root: string, files: readonly TreeFile[]): Promise<void> {
  for (const { path, content } of files) {
    const target = resolveNaively(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

/** The negative control: works by paths, and follows links like everybody does. */
export function naiveDirectory(path: string, files: readonly TreeFile[]): WorkingDirectory {
  return {
    path,
    changes: () => naiveChanges(path, files),
    read: async (file) => readFile(resolveNaively(path, file)),
    remove: () => naiveRemove(path),
  };
}

async function naiveChanges(root: string, files: readonly TreeFile[]): Promise<TreeChanges> {
  const found: TreeFile[] = [];
  const walk = async (directory: string): Promise<void> => {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if ((await stat(path)).isDirectory()) await walk(path);
      else found.push({ path: relative(root, path), content: await readFile(path, "utf8") });
    }
  };
  await walk(root);
  const old = new Map(files.map((file) => [file.path, file.content]));
  const there = new Set(found.map((file) => file.path));
  return {
    written: found.filter((file) => old.get(file.path) !== file.content),
    deleted: files.map((file) => file.path).filter((path) => !there.has(path)),
    skipped: [],
  };
}

async function naiveRemove(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if ((await stat(path)).isDirectory()) await naiveRemove(path);
    else await unlink(path);
  }
  await rmdir(directory).catch(() => unlink(directory));
}

/** A control for the races: looks where a path leads first, and then goes there. */
export async function checkedRead(root: string, path: string): Promise<string | null> {
  const target = join(root, path);
  if (!isStillInside(root, target)) return null;
  return readFile(target, "utf8");
}

export async function checkedWrite(root: string, path: string, content: string): Promise<void> {
  const target = join(root, path);
  if (isStillInside(root, dirname(target))) await writeFile(target, content);
}

export async function checkedRemove(root: string, path: string): Promise<void> {
  const directory = join(root, path);
  if (!lstatSync(directory).isDirectory()) return;
  for (const name of await readdir(directory)) await unlink(join(directory, name));
}

function isStillInside(root: string, path: string): boolean {
  return realpathSync(path).startsWith(`${root}/`);
}
