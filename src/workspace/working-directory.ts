import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { refusalOfPath } from "../core/artifact-path.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { OpenDirectory, platformRefusal } from "../files/open-directory.ts";
import { type TreeFile, type WorkingDirectory, WorkspaceError } from "../ports/workspace.ts";
import { ownedName } from "./directory-owner.ts";
import { removeTree } from "./remove-tree.ts";
import { parentsOf, Twins } from "./tree-limits.ts";
import { codeOf, hashOf, type KnownFiles, readRegular, tooLong, walkTree } from "./walk-tree.ts";

/**
 * Makes `<home>/<own name>/tree` with just these files, `home` being made when it is missing. Only this user may enter.
 * A file that begins with `#!` may be executed. Rejects with a WorkspaceError before anything is written when a path
 * may not be.
 */
export async function createWorkingDirectory(
  home: string,
  files: readonly TreeFile[],
): Promise<WorkingDirectory> {
  const refusal = platformRefusal() ?? refusalOfFiles(files);
  if (refusal !== null) throw new WorkspaceError("unusable", refusal);
  const own = join(home, ownedName());
  await makePrivately(home, own);
  const path = join(own, "tree");
  await mkdir(path);
  await writeFresh(path, files);
  const known = new Map(files.map((file) => [file.path, hashOf(file.content)]));
  const identity = await withDirectory(path, (directory) => directory.identity());
  return handleOf({ own, path, known, identity });
}

function refusalOfFiles(files: readonly TreeFile[]): string | null {
  const twins = new Twins();
  for (const { path } of files) {
    const refusal = refusalOfPath(path) ?? twins.refusalOf(path);
    if (refusal !== null) return `${JSON.stringify(path)} cannot be put into a workspace: ${refusal}`;
  }
  return null;
}

/** Twice, because a sweep removes old empty directories. */
async function makePrivately(home: string, own: string): Promise<void> {
  await makeDirectory(home, 0o700);
  try {
    await mkdir(own, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await makeDirectory(home, 0o700);
    await mkdir(own, { mode: 0o700 });
  }
}

/** Nobody else knows the directory yet, so paths are safe here. */
async function writeFresh(root: string, files: readonly TreeFile[]): Promise<void> {
  const directories = new Set(files.flatMap((file) => parentsOf(file.path)));
  for (const directory of [...directories].toSorted()) await mkdir(join(root, directory));
  for (const { path, content } of files) {
    await writeFile(join(root, path), content, {
      flag: "wx",
      mode: content.startsWith("#!") ? 0o755 : 0o644,
    });
  }
}

function handleOf(made: {
  readonly own: string;
  readonly path: string;
  readonly known: KnownFiles;
  readonly identity: { readonly device: number; readonly inode: number };
}): WorkingDirectory {
  const inTree = <T>(use: (directory: OpenDirectory) => Promise<T>): Promise<T> =>
    withDirectory(made.path, async (directory) => {
      const { device, inode } = await directory.identity();
      if (device !== made.identity.device || inode !== made.identity.inode)
        throw new WorkspaceError(
          "unusable",
          `${made.path} was exchanged for another directory. Make a new one.`,
        );
      return use(directory);
    });
  return {
    path: made.path,
    changes: () => inTree((directory) => walkTree(directory, made.known)),
    read: (path, most) => inTree((directory) => readIn(directory, path, most)),
    remove: () => removeTree(dirname(made.path)),
  };
}

async function withDirectory<T>(path: string, use: (directory: OpenDirectory) => Promise<T>): Promise<T> {
  await using directory = await OpenDirectory.open(path);
  return await use(directory);
}

/** What is there in another way than as a plain file of this tree is not there. */
async function readIn(root: OpenDirectory, path: string, most: number): Promise<Uint8Array | null> {
  if (refusalOfPath(path) !== null) return null;
  const opened: OpenDirectory[] = [];
  try {
    const names = path.split("/");
    for (const name of names.slice(0, -1)) opened.push(await (opened.at(-1) ?? root).directory(name));
    const bytes = await readRegular(opened.at(-1) ?? root, names.at(-1)!, most);
    if (bytes === tooLong(most))
      throw new WorkspaceError("too_long", `${path}: ${bytes}. Read a part of it with a command.`);
    return typeof bytes === "string" ? null : bytes;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES", "EPERM", "ENAMETOOLONG"].includes(codeOf(error)))
      return null;
    throw error;
  } finally {
    for (const directory of opened) await directory.close();
  }
}
