import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Kysely } from "kysely";

import type { CommitResult } from "../../core/workflow/commit.ts";
import { makeDirectory } from "../../files/make-directory.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Storage, StorageError, type SystemStorage, type TenantStorage } from "../../ports/storage.ts";
import type { Backend } from "../backend.ts";
import type { CommitTape } from "../commit-tape.ts";
import { KnownBlobs } from "../known-blobs.ts";
import { migrate } from "../migrate.ts";
import { listUnfinished } from "../queries/list-unfinished.ts";
import { ping } from "../queries/ping.ts";
import { versionsOf } from "../queries/versions-of.ts";
import type { Database, StorageDatabase } from "../schema.ts";
import { storedHookLog } from "../stored-hook-log.ts";
import { storedOutbox } from "../stored-outbox.ts";
import { storedRetention } from "../stored-retention.ts";
import { StoredTenant } from "../stored-tenant.ts";
import { NodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { ProcessLock } from "./process-lock.ts";
import { sqliteError, toSqliteFailure } from "./sqlite-error.ts";
import { requireSoundSqlite } from "./sqlite-version.ts";
import { WriterClient } from "./writer-client.ts";

const READ_PATIENCE_MS = 1_000;

/** Opens the file, creating it and its directories; one process at a time may have it open. */
export async function openSqlite(
  path: string,
  { logger }: { readonly logger: Logger },
): Promise<Storage & Backend> {
  requireSoundSqlite(process.versions["sqlite"] ?? "0");
  const file = await prepareFile(path);
  const lock = ProcessLock.take(file);
  const writer = new WriterClient(file);
  try {
    await migrateFile(file);
    await writer.open();
    const reader = new DatabaseSync(file, { readOnly: true, timeout: READ_PATIENCE_MS });
    logger.debug({ file }, "SQLite database is open");
    return new SqliteStorage(file, { lock, writer, reader });
  } catch (error) {
    await writer.close();
    lock.release();
    throw toStorageError(file, error);
  }
}

class SqliteStorage implements Storage, Backend {
  readonly kind = "sqlite";
  readonly db: StorageDatabase;
  readonly knownBlobs = new KnownBlobs();
  readonly system: SystemStorage;
  readonly cluster = null;
  readonly limitStore = null;
  readonly #file: string;
  readonly #lock: ProcessLock;
  readonly #writer: WriterClient;
  readonly #reader: DatabaseSync;
  #closing: Promise<void> | null = null;

  constructor(file: string, parts: { lock: ProcessLock; writer: WriterClient; reader: DatabaseSync }) {
    this.#file = file;
    this.#lock = parts.lock;
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.db = new Kysely<Database>({
      dialect: new NodeSqliteDialect(parts.reader, (sql, values) => parts.writer.query(sql, values)),
    });
    this.system = {
      listUnfinished: () => this.#ask(() => listUnfinished(this.db)),
      retention: storedRetention(this),
      outbox: storedOutbox(this),
      hooks: storedHookLog(this),
      versionsOf: (workflows) => this.#ask(() => versionsOf(this.db, workflows)),
      ping: () =>
        this.#ask(() => {
          this.#writer.assertAlive();
          return ping(this.db);
        }),
    };
  }

  forTenant(tenantId: string): TenantStorage {
    return new StoredTenant(tenantId, this);
  }

  commit(tape: CommitTape): Promise<CommitResult> {
    return this.#writer.commit(tape);
  }

  toStorageError(error: unknown): StorageError {
    return toStorageError(this.#file, error);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The writer goes last: the last connection folds the log back into the database file. */
  async #close(): Promise<void> {
    await this.db.destroy();
    this.#reader.close();
    await this.#writer.close();
    this.#lock.release();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw this.toStorageError(error);
    }
  }
}

/** The file by its one real name, so that two ways to write it meet at the same lock. */
async function prepareFile(path: string): Promise<string> {
  try {
    await makeDirectory(dirname(path));
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      "storage_unwritable",
      `The directory of the SQLite database ${path} can't be made: ${reason}. Give this user write access there, or name another path: database: sqlite:<path>.`,
      { cause: error },
    );
  }
}

/** On a connection of its own: the one that stays in this thread must not be able to write. */
async function migrateFile(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    // Set before the first table. A commit is 8 to 10 kB: pages of 8 kB halve its writes and save a fifth of its CPU.
    database.exec("pragma page_size = 8192");
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    await migrate(new Kysely<Database>({ dialect: new NodeSqliteDialect(database) }), "sqlite");
  } finally {
    database.close();
  }
}

function toStorageError(file: string, error: unknown): StorageError {
  return error instanceof StorageError ? error : sqliteError(file, toSqliteFailure(error), error);
}
