import { constants, existsSync, realpathSync } from "node:fs";
import { copyFile, link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { makeDirectory } from "../../files/make-directory.ts";
import { StorageError } from "../../ports/storage.ts";
import { changedByNewer } from "../migrate.ts";
import { sqliteMigrations } from "../migration-status.ts";
import { allMigrations } from "../migrations/all-migrations.ts";
import { faultOf, syncFile } from "./backup-sqlite.ts";
import { ProcessLock } from "./process-lock.ts";
import { pathProblem, RefusedFileError } from "./refused-file-error.ts";

export type Restored = {
  readonly file: string;
  /** Where the database that stood there before is now; null when there was none. */
  readonly before: string | null;
};

/**
 * Puts a backup in the place of a database that nobody has open. The copy is checked before anything is touched; the
 * old database stays beside it. Rejects with a StorageError, or with a RefusedFileError when the backup can't be used.
 */
export async function restoreSqlite(path: string, backupFile: string, at: Date): Promise<Restored> {
  await proveReadable(backupFile);
  const file = existsSync(path) ? realpathSync(path) : path;
  if (file === realpathSync(backupFile))
    throw refused(backupFile, "is the database itself, not a backup of it");
  await makeDirectory(dirname(file)).catch((error: unknown) => {
    const problem = pathProblem(error);
    if (problem === null) throw error;
    const message = `The directory of the database ${file} can't be made: ${problem}. Nothing was changed.`;
    throw new StorageError("storage_unwritable", message, { cause: error });
  });
  const lock = ProcessLock.take(file);
  const copy = `${file}.restoring-${process.pid}`;
  try {
    await copyFile(backupFile, copy);
    const fault = faultOf(copy);
    if (fault !== null) throw refused(backupFile, fault);
    refuseNewer(copy);
    await syncFile(copy);
    const before = existsSync(file) ? `${file}.before-restore-${timeInName(at)}` : null;
    if (before !== null) await setAside(file, before);
    await rename(copy, file);
    await syncFile(dirname(file));
    return { file, before };
  } finally {
    for (const ending of ["", "-journal", "-wal", "-shm"]) await rm(`${copy}${ending}`, { force: true });
    lock.release();
  }
}

async function proveReadable(backupFile: string): Promise<void> {
  try {
    const handle = await open(backupFile, "r");
    try {
      if (!(await handle.stat()).isFile()) throw refused(backupFile, "is no regular file");
    } finally {
      await handle.close();
    }
  } catch (error) {
    const problem = pathProblem(error);
    throw problem === null ? error : refused(backupFile, `can't be read: ${problem}`, error);
  }
}

function refused(backupFile: string, fault: string, cause?: unknown): RefusedFileError {
  const advice = "Name a file that orca backup has made. Nothing was changed.";
  return new RefusedFileError(`${backupFile} ${fault}. ${advice}`, { cause });
}

function refuseNewer(copy: string): void {
  const known = Object.keys(allMigrations("sqlite"));
  const unknown = [...sqliteMigrations(copy).keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0) throw changedByNewer(unknown);
}

/**
 * Gives the old database a second name; the rename that follows takes its first one away, so that there is a database
 * at every moment. Its log must be gone by then: SQLite would apply it to the new file.
 */
async function setAside(file: string, before: string): Promise<void> {
  foldLog(file);
  await link(file, before).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPERM" && error.code !== "ENOTSUP") throw error;
    return copyFile(file, before, constants.COPYFILE_EXCL);
  });
  for (const ending of ["-wal", "-shm"])
    if (existsSync(`${file}${ending}`)) await rename(`${file}${ending}`, `${before}${ending}`);
}

/** The last to close a database folds its log into it. One that can't be read is set aside with its log. */
function foldLog(file: string): void {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    database.exec("pragma wal_checkpoint(truncate)");
  } catch {
    // Damaged: that may be why somebody restores.
  } finally {
    database?.close();
  }
}

function timeInName(at: Date): string {
  return at.toISOString().replaceAll(/[:.]/g, "-");
}
