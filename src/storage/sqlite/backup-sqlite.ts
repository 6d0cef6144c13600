import { existsSync } from "node:fs";
import { link, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";

import { StorageError } from "../../ports/storage.ts";
import { sqliteMigrations } from "../migration-status.ts";
import { sqliteError, toSqliteFailure } from "./sqlite-error.ts";

export type BackupFile = { readonly file: string; readonly bytes: number };

export type BackupOptions = {
  /** Whether a file that stands there may be replaced. */
  readonly force: boolean;
  readonly progress?: (part: number) => void;
};

const PAGES_AT_ONCE = 1_000;
const PATIENCE_MS = 10_000;

/**
 * Copies a database as it is at this moment, also while a server writes to it, and proves the copy sound before it
 * appears under its name. Rejects with a StorageError, or with EEXIST when the file stands already.
 */
export async function backupSqlite(
  source: string,
  file: string,
  options: BackupOptions,
): Promise<BackupFile> {
  if (!existsSync(source)) {
    throw new StorageError("storage_failed", `There is no SQLite database ${source}: nothing to back up.`);
  }
  const partial = `${file}.partial-${process.pid}`;
  try {
    await writeFile(partial, "", { mode: 0o600 }); // it holds all that tenants have written
    await copyPages(source, partial, options);
    proveSound(partial);
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
 * Throws a StorageError.
 */
export function proveSound(file: string): void {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    const [first] = database.prepare("pragma integrity_check").all();
    const verdict = String(first?.["integrity_check"]);
    if (verdict !== "ok")
      throw new StorageError("storage_failed", `The copy ${file} is damaged: ${verdict}.`);
    database.exec("pragma journal_mode = delete");
  } catch (error) {
    throw error instanceof StorageError ? error : sqliteError(file, toSqliteFailure(error), error);
  } finally {
    database?.close();
  }
  if (sqliteMigrations(file).size === 0)
    throw new StorageError("storage_failed", `${file} holds no workflows of ts-orca: name another file.`);
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
