import { DatabaseSync } from "node:sqlite";

import { StorageError } from "../../ports/storage.ts";
import { sqliteError, toSqliteFailure } from "./sqlite-error.ts";

const BUSY = 5;
const PATIENCE_MS = 500;

/**
 * Keeps every other process (and every other opening in this one) from using a database file. It is the file lock
 * of an empty companion database, `<file>.lock`, so the operating system gives it back however this process ends.
 * The companion stays on disk: deleting it would let two processes lock two different files of the same name.
 */
export class ProcessLock {
  readonly #companion: DatabaseSync;

  private constructor(companion: DatabaseSync) {
    this.#companion = companion;
  }

  /** Throws a StorageError when another process holds the file. */
  static take(file: string): ProcessLock {
    let companion: DatabaseSync | null = null;
    try {
      companion = new DatabaseSync(`${file}.lock`, { timeout: PATIENCE_MS });
      companion.exec("begin exclusive");
      return new ProcessLock(companion);
    } catch (error) {
      companion?.close();
      const failure = toSqliteFailure(error);
      if (failure.code !== BUSY) throw sqliteError(`${file}.lock`, failure, error);
      throw new StorageError(
        "storage_locked",
        `${file} is in use by another ts-orca process. Stop that process, or give this one a file of its own: database: sqlite:<path>.`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#companion.close();
  }
}
