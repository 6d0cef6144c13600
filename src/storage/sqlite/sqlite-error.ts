import { StorageError, type StorageErrorCode } from "../../ports/storage.ts";

/** An error of SQLite in a form that survives the way between threads. */
export type SqliteFailure = { readonly message: string; readonly code: number | null };

// Primary result codes, https://sqlite.org/rescode.html
const BUSY = 5;
const READONLY = 8;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

export function toSqliteFailure(error: unknown): SqliteFailure {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : null;
  return { message: error instanceof Error ? error.message : String(error), code };
}

/** Says what a failure of SQLite means for the person who runs the server. */
export function sqliteError(file: string, failure: SqliteFailure, cause?: unknown): StorageError {
  const [code, advice] = adviceFor(failure.code);
  const message = `SQLite database ${file}: ${failure.message}. ${advice}`;
  return new StorageError(code, message, cause === undefined ? undefined : { cause });
}

function adviceFor(code: number | null): readonly [StorageErrorCode, string] {
  switch (code) {
    case BUSY:
      return ["storage_locked", "Another program holds the file: close it, then try again."];
    case READONLY:
    case CANNOT_OPEN:
      return ["storage_unwritable", "Give this user write access to the file and its directory."];
    case FULL:
      return ["storage_unwritable", "Free some space on its disk."];
    case IO_ERROR:
      return ["storage_unwritable", "Check its disk for space and faults."];
    case NOT_A_DATABASE:
      return ["storage_failed", "This is no SQLite database: name another file."];
    case null:
    default:
      return ["storage_failed", "Nothing of the refused change was written."];
  }
}
