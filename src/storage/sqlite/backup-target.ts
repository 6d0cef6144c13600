import { realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { pathProblem, RefusedFileError } from "./refused-file-error.ts";

/** What SQLite and the lock of this process put beside a database. */
const COMPANIONS = ["", "-wal", "-shm", "-journal", ".lock", ".lock-wal", ".lock-shm", ".lock-journal"];

/** Proves that a backup may be written under this name. Throws a RefusedFileError. */
export function proveTarget(source: string, file: string): void {
  const folder = dirname(file);
  const there = look(() => statSync(folder), file);
  if (there === null) throw refused(file, `there is no directory ${folder}`, "make it, or name another file");
  if (!there.isDirectory()) throw refused(file, `${folder} is no directory`, "name another file");
  const target = look(() => statSync(file), file);
  if (target?.isDirectory()) throw refused(file, "it is a directory", "name a file in it");
  if (target && !target.isFile()) throw refused(file, "it is no regular file", "name another one");
  if (belongsTo(source, file, target))
    throw new RefusedFileError(
      `${file} belongs to the database itself; name another file for the backup. Nothing was changed.`,
    );
}

/** Writing under `file` would take away a part of the database, by whatever name it goes. */
function belongsTo(source: string, file: string, target: Stats | null): boolean {
  const places = [resolve(source), realpathSync(source)].map((path) =>
    join(realpathSync(dirname(path)), basename(path)),
  );
  const parts = places.flatMap((place) => COMPANIONS.map((ending) => `${place}${ending}`));
  if (parts.includes(join(realpathSync(dirname(file)), basename(file)))) return true;
  return target !== null && parts.some((part) => isSame(part, target));
}

function isSame(part: string, { dev, ino }: Stats): boolean {
  const found = statSync(part, { throwIfNoEntry: false });
  return found !== undefined && found.dev === dev && found.ino === ino;
}

function look(at: () => Stats, file: string): Stats | null {
  try {
    return at();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw unusable(file, error);
  }
}

/** A failure of the file system in words about the backup; one that is not about its path stays what it is. */
export function unusable(file: string, error: unknown): unknown {
  const problem = pathProblem(error);
  return problem === null ? error : refused(file, problem, "name another file", error);
}

function refused(file: string, problem: string, advice: string, cause?: unknown): RefusedFileError {
  return new RefusedFileError(`The backup ${file} can't be written: ${problem}; ${advice}.`, { cause });
}
