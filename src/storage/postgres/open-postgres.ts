import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";

import type { CommitResult } from "../../core/workflow/commit.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Storage, StorageError, SystemStorage, TenantStorage } from "../../ports/storage.ts";
import type { CommitTape } from "../commit-tape.ts";
import type { PostgresUrl } from "../database-url.ts";
import { KnownBlobs } from "../known-blobs.ts";
import { migrate } from "../migrate.ts";
import { listUnfinished } from "../queries/list-unfinished.ts";
import { ping } from "../queries/ping.ts";
import type { Database, StorageDatabase } from "../schema.ts";
import { type Backend, StoredTenant } from "../stored-tenant.ts";
import { CommitQueue, MOST_FLIGHTS } from "./commit-queue.ts";
import { postgresError } from "./postgres-error.ts";
import { ServerLock } from "./server-lock.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 30_000;
const MOST_READERS = 8;

// The commit statement finds every row by its primary key, whatever the tables hold. Planning it takes longer than
// running it, and a plan made on empty tables would read whole tables later: so plan once, and only by index.
const COMMIT_SETTINGS = `set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
  set enable_mergejoin = off; set jit = off`;

/** Opens the database as its only server. */
export async function openPostgres(
  { url, place }: PostgresUrl,
  { logger }: { readonly logger: Logger },
): Promise<Storage & Backend> {
  const config: pg.ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "ts-orca",
  };
  const lock = new ServerLock({ config, place, logger });
  await lock.take();
  try {
    await migrateDatabase(config, { place, logger });
    return new PostgresStorage({ config, place, lock, logger });
  } catch (error) {
    await lock.release();
    throw postgresError(place, error);
  }
}

type Parts = {
  readonly config: pg.ClientConfig;
  readonly place: string;
  readonly lock: ServerLock;
  readonly logger: Logger;
};

class PostgresStorage implements Storage, Backend {
  readonly db: StorageDatabase;
  readonly knownBlobs = new KnownBlobs();
  readonly system: SystemStorage;
  readonly #place: string;
  readonly #lock: ServerLock;
  readonly #writers: pg.Pool;
  readonly #commits: CommitQueue;
  #closing: Promise<void> | null = null;

  constructor({ config, place, lock, logger }: Parts) {
    const timed = { ...config, query_timeout: QUERY_TIMEOUT_MS };
    this.#place = place;
    this.#lock = lock;
    this.#writers = openPool(
      {
        ...timed,
        max: MOST_FLIGHTS,
        idleTimeoutMillis: 0, // its prepared statements are worth keeping
        // oxlint-disable-next-line typescript/no-misused-promises -- the pool does wait for it
        onConnect: (client) => client.query(COMMIT_SETTINGS),
      },
      logger,
    );
    this.#commits = new CommitQueue({
      pool: this.#writers,
      assertOwner: () => this.#assertOpen(),
      toStorageError: (error) => this.toStorageError(error),
    });
    this.db = new Kysely<Database>({
      dialect: new PostgresDialect({ pool: openPool({ ...timed, max: MOST_READERS }, logger) }),
    });
    this.system = {
      listUnfinished: () => this.#ask(() => listUnfinished(this.db)),
      ping: () => this.#ask(() => ping(this.db)),
    };
  }

  forTenant(tenantId: string): TenantStorage {
    return new StoredTenant(tenantId, this);
  }

  commit(tape: CommitTape): Promise<CommitResult> {
    return this.#commits.submit(tape);
  }

  toStorageError(error: unknown): StorageError {
    return postgresError(this.#place, error);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#commits.drained();
    await Promise.all([this.db.destroy(), this.#writers.end()]);
    await this.#lock.release();
  }

  #assertOpen(): void {
    this.#lock.assertHeld();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      this.#assertOpen();
      return await question();
    } catch (error) {
      throw this.toStorageError(error);
    }
  }
}

/** Without a listener, an idle connection that breaks would end the process. */
function openPool(config: pg.PoolConfig, logger: Logger): pg.Pool {
  const pool = new pg.Pool({ ...config, types: { getTypeParser } });
  pool.on("error", (error) => logger.warn({ reason: error.message }, "an idle PostgreSQL connection broke"));
  return pool;
}

/** Our bigints are milliseconds, which a number holds. */
const getTypeParser: typeof pg.types.getTypeParser = (type, format) =>
  type === pg.types.builtins.INT8
    ? Number
    : (pg.types.getTypeParser(type, format) as (text: string) => unknown);

/** On connections of their own, without a limit of time: a large migration may take long. */
async function migrateDatabase(
  config: pg.ClientConfig,
  { place, logger }: { readonly place: string; readonly logger: Logger },
): Promise<void> {
  const pool = openPool({ ...config, max: 2 }, logger);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await warnOfLooseDurability(pool, { place, logger });
    await migrate(db, "postgres");
  } finally {
    await db.destroy();
  }
}

async function warnOfLooseDurability(
  pool: pg.Pool,
  { place, logger }: { readonly place: string; readonly logger: Logger },
): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    "select name from pg_settings where name in ('fsync', 'synchronous_commit') and setting = 'off'",
  );
  for (const { name } of rows) {
    logger.warn(
      { place, setting: name },
      `PostgreSQL runs with ${name}=off: a crash of its machine can lose finished work. Turn it on for real use.`,
    );
  }
}
