import { existsSync } from "node:fs";
import { link, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";

import { StorageError } from "../../ports/storage.ts";
import { sqliteMigrations } from "../migration-status.ts";
import { proveTarget, unusable } from "./backup-target.ts";
import { sqliteError, toSqliteFailure } from "./sqlite-error.ts";

export type BackupFile = { readonly file: string; readonly bytes: number };

export type BackupOptions = {
  /** Whether a file that stands there may be replaced. */
  readonly force: boolean;
  readonly progress?: (part: number) => void;
};

const PAGES_AT_ONCE = 1_000;
const PATIENCE_MS = 10_000;
// Primary result codes, https://sqlite.org/rescode.html
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/**
 * Copies a database as it is at this moment, also while a server writes to it, and proves the copy sound before it
 * appears under its name. Rejects with a StorageError, with a RefusedFileError when the name can't be used, or with EEXIST
 * when the file stands already.
 */
export async function backupSqlite(
  source: string,
  file: string,
  options: BackupOptions,
): Promise<BackupFile> {
  if (!existsSync(source)) {
    throw new StorageError("storage_failed", `There is no SQLite database ${source}: nothing to back up.`);
  }
  proveTarget(source, file);
  const partial = `${file}.partial-${process.pid}`;
  try {
    // Only for this user: it holds all that tenants have written.
    await writeFile(partial, "", { mode: 0o600 }).catch((error: unknown) => {
      throw unusable(file, error);
    });
    await copyPages(source, partial, options);
    const fault = faultOf(partial);
    if (fault !== null)
      throw new StorageError("storage_failed", `The copy of ${source} ${fault}; it was not kept.`);
    await syncFile(partial);
    if (options.force) await rename(partial, file);
    else await link(partial, file);
    await syncFile(dirname(file));
    return { file, bytes: (await stat(file)).size };
  } finally {
    for (const ending of ["", "-journal", "-wal", "-shm"]) await rm(`${partial}${ending}`, { force: true });
  }
}

async function copyPages(source: string, partial: string, { progress }: BackupOptions): Promise<void> {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(source, { readOnly: true, timeout: PATIENCE_MS });
    // Holds the moment: without an open read every commit of the server would start the copy over.
    database.exec("begin");
    database.prepare("select count(*) from sqlite_schema").get();
    await backup(database, partial, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) => progress?.(1 - remainingPages / totalPages),
    });
  } catch (error) {
    throw sqliteError(source, toSqliteFailure(error), error);
  } finally {
    database?.close();
  }
}

/**
 * Checks every page and index of a file that nobody else has open, and makes it a single file without a log beside it.
 * Says what is wrong with it, or null. Throws a StorageError when it can't be looked at.
 */
export function faultOf(file: string): string | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    const [first] = database.prepare("pragma integrity_check").all();
    const verdict = String(first?.["integrity_check"]);
    if (verdict !== "ok") return `is damaged: ${verdict}`;
    database.exec("pragma journal_mode = delete");
  } catch (error) {
    const failure = toSqliteFailure(error);
    if (failure.code === NOT_A_DATABASE) return "is no SQLite database";
    if (failure.code === CORRUPT) return `is damaged: ${failure.message}`;
    throw sqliteError(file, failure, error);
  } finally {
    database?.close();
  }
  return sqliteMigrations(file).size === 0 ? "holds no workflows of ts-orca" : null;
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
