import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import type { FileHandle } from "node:fs/promises";

import { refusalOfPath } from "../core/artifact-path.ts";
import type { OpenDirectory } from "../files/open-directory.ts";
import type { TreeChanges, TreeFile } from "../ports/workspace.ts";
import { SkippedPaths } from "./skipped-paths.ts";
import { textOf } from "./text-of.ts";
import { CHANGE_LIMITS, GENERATED_DIRECTORIES, parentsOf, Twins } from "./tree-limits.ts";

/** SHA-256 of the content by path: what was put there. */
export type KnownFiles = ReadonlyMap<string, string>;

type Walk = {
  readonly known: KnownFiles;
  /** All directories above the known files. */
  readonly knownDirectories: ReadonlySet<string>;
  readonly device: number;
  readonly skipped: SkippedPaths;
  readonly written: TreeFile[];
  readonly seen: Set<string>;
  entries: number;
  files: number;
  bytes: number;
};

type Place = {
  readonly directory: OpenDirectory;
  /** Ends in a slash unless it is the root. */
  readonly prefix: string;
  readonly depth: number;
  readonly generated: boolean;
};

/** Compares what lies in the directory with what was put there, without following links. */
export async function walkTree(root: OpenDirectory, known: KnownFiles): Promise<TreeChanges> {
  const { device } = await root.identity();
  const walk: Walk = {
    known,
    knownDirectories: new Set([...known.keys()].flatMap(parentsOf)),
    device,
    skipped: new SkippedPaths(CHANGE_LIMITS.skipped),
    written: [],
    seen: new Set(),
    entries: 0,
    files: 0,
    bytes: 0,
  };
  await walkDirectory(walk, { directory: root, prefix: "", depth: 0, generated: false });
  const written = withoutTwins(walk);
  const deleted: string[] = [];
  for (const path of known.keys()) {
    if (walk.seen.has(path) || walk.skipped.covers(path, parentsOf(path))) continue;
    if (await isGone(root, path)) deleted.push(path);
  }
  return { written, deleted: deleted.toSorted(), skipped: walk.skipped.report() };
}

async function walkDirectory(walk: Walk, place: Place): Promise<void> {
  for (const entry of await entriesOf(walk, place)) {
    const name = textOf(entry.name);
    const path = `${place.prefix}${name ?? entry.name.toString("latin1")}`;
    const isDirectory = entry.isDirectory();
    if (place.generated && !(isDirectory ? walk.knownDirectories : walk.known).has(path)) continue;
    const generated = place.generated || (isDirectory && GENERATED_DIRECTORIES.has(name ?? ""));
    if (generated && isDirectory && !walk.knownDirectories.has(path)) continue;
    const refusal = name === null ? "its name is not UTF-8" : refusalOfPath(path);
    if (refusal !== null) walk.skipped.add(path, refusal);
    else if (isDirectory) await enter(walk, place, { name: name!, path, generated });
    else if (entry.isFile()) await takeFile(walk, place.directory, { name: name!, path });
    else walk.skipped.add(path, kindOf(entry));
  }
}

/** In the order of their names, so that the limits cut at the same place each time. */
async function entriesOf(walk: Walk, { directory, prefix }: Place): Promise<Dirent<Buffer>[]> {
  const entries: Dirent<Buffer>[] = [];
  for await (const entry of directory.entries()) {
    walk.entries += 1;
    if (walk.entries > CHANGE_LIMITS.entries) {
      walk.skipped.add(
        prefix === "" ? "." : prefix.slice(0, -1),
        `the directory has more than ${CHANGE_LIMITS.entries} entries: the rest was not looked at`,
      );
      break;
    }
    entries.push(entry);
  }
  return entries.toSorted((a, b) => Buffer.compare(a.name, b.name));
}

async function enter(
  walk: Walk,
  place: Place,
  below: { readonly name: string; readonly path: string; readonly generated: boolean },
): Promise<void> {
  if (place.depth >= CHANGE_LIMITS.depth) {
    walk.skipped.add(below.path, `it is more than ${CHANGE_LIMITS.depth} directories deep`);
    return;
  }
  let directory: OpenDirectory;
  try {
    directory = await place.directory.directory(below.name);
  } catch (error) {
    leaveBehind(walk, below.path, error);
    return;
  }
  await using held = directory;
  if ((await held.identity()).device !== walk.device) walk.skipped.add(below.path, "it is a mount");
  else {
    await walkDirectory(walk, {
      directory: held,
      prefix: `${below.path}/`,
      depth: place.depth + 1,
      generated: below.generated,
    });
  }
}

async function takeFile(
  walk: Walk,
  directory: OpenDirectory,
  file: { readonly name: string; readonly path: string },
): Promise<void> {
  const { path } = file;
  const isKnown = walk.known.has(path);
  if (!isKnown && walk.files >= CHANGE_LIMITS.files) {
    walk.skipped.add(path, `there are more than ${CHANGE_LIMITS.files} new files`);
    return;
  }
  let bytes: Uint8Array | string;
  try {
    bytes = await readRegular(directory, file.name, CHANGE_LIMITS.file_bytes);
  } catch (error) {
    leaveBehind(walk, path, error);
    return;
  }
  if (typeof bytes === "string") {
    walk.skipped.add(path, bytes);
    return;
  }
  if (isKnown && walk.known.get(path) === hashOf(bytes)) {
    walk.seen.add(path);
    return;
  }
  const content = textOf(bytes);
  if (content === null) walk.skipped.add(path, "it is no text in UTF-8");
  else if (walk.bytes + bytes.length > CHANGE_LIMITS.bytes) {
    walk.skipped.add(path, `the changes are longer than ${CHANGE_LIMITS.bytes} bytes together`);
  } else {
    walk.bytes += bytes.length;
    if (!isKnown) walk.files += 1;
    walk.seen.add(path);
    walk.written.push({ path, content });
  }
}

/** The bytes, or why they are not read. Looks at the open file, which nobody can exchange any more. */
export async function readRegular(
  directory: OpenDirectory,
  name: string,
  most: number,
): Promise<Uint8Array | string> {
  const handle = await directory.file(name);
  try {
    const about = await handle.stat();
    if (!about.isFile()) return kindOf(about);
    if (about.nlink !== 1) return "it is a hard link, which may stand for a file elsewhere";
    if (about.size > most) return tooLong(most);
    const bytes = await readAtMost(handle, most + 1);
    return bytes.length > most ? tooLong(most) : bytes;
  } finally {
    await handle.close();
  }
}

export function tooLong(most: number): string {
  return `it is longer than ${most} bytes`;
}

async function readAtMost(handle: FileHandle, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < most) {
    const { bytesRead, buffer } = await handle.read({
      buffer: Buffer.alloc(Math.min(64 * 1024, most - length)),
    });
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** What is there keeps its place before what is new. */
function withoutTwins(walk: Walk): TreeFile[] {
  const twins = new Twins();
  for (const path of walk.known.keys()) if (walk.seen.has(path)) twins.refusalOf(path);
  const taken = walk.written.filter(({ path }) => {
    if (walk.known.has(path)) return true;
    const refusal = twins.refusalOf(path);
    if (refusal !== null) walk.skipped.add(path, refusal);
    return refusal === null;
  });
  return taken.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Asked again one by one, because the walk may have stopped before it came there. */
async function isGone(root: OpenDirectory, path: string): Promise<boolean> {
  const opened: OpenDirectory[] = [];
  try {
    let at = root;
    const names = path.split("/");
    for (const name of names.slice(0, -1)) {
      at = await at.directory(name);
      opened.push(at);
    }
    await (await at.file(names.at(-1)!)).close();
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(codeOf(error));
  } finally {
    for (const directory of opened) await directory.close();
  }
}

/** Somebody changes the directory meanwhile, or has made something unreadable. */
function leaveBehind(walk: Walk, path: string, error: unknown): void {
  const code = codeOf(error);
  if (code === "ENOENT") return;
  if (code === "EMFILE" || code === "ENFILE" || code === "") throw error;
  walk.skipped.add(path, REASONS[code] ?? `it could not be opened (${code})`);
}

const REASONS: Readonly<Record<string, string>> = {
  ELOOP: "it is a symbolic link",
  ENOTDIR: "it is a symbolic link",
  ENXIO: "it is a socket",
  EACCES: "it may not be read",
  EPERM: "it may not be read",
};

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

type Kind = Pick<Dirent, "isSymbolicLink" | "isFIFO" | "isSocket" | "isDirectory">;

function kindOf(entry: Kind): string {
  if (entry.isSymbolicLink()) return "it is a symbolic link";
  if (entry.isFIFO()) return "it is a FIFO";
  if (entry.isSocket()) return "it is a socket";
  if (entry.isDirectory()) return "it is a directory";
  return "it is a device";
}

export function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
