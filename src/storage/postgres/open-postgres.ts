import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

import type { Commit, CommitResult } from "../../core/workflow/commit.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Storage, StorageError, type SystemStorage, type TenantStorage } from "../../ports/storage.ts";
import type { Backend } from "../backend.ts";
import type { CommitTape } from "../commit-tape.ts";
import type { PostgresUrl } from "../database-url.ts";
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
import { migrateBoss } from "./cluster/boss.ts";
import { CLUSTER_TIMING, type ClusterTiming } from "./cluster/cluster-timing.ts";
import { PostgresCluster } from "./cluster/postgres-cluster.ts";
import { CommitQueue, MOST_FLIGHTS } from "./commit-queue.ts";
import { openPool } from "./pools.ts";
import { postgresError } from "./postgres-error.ts";
import { PostgresLimitStore } from "./postgres-limit-store.ts";

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 30_000;
const MOST_READERS = 8;
/** For the queue and for what nodes do for one another. */
const MOST_WORKERS = 3;

// The commit statement finds every row by its primary key, whatever the tables hold. Planning it takes longer than
// running it, and a plan made on empty tables would read whole tables later: so plan once, and only by index.
const COMMIT_SETTINGS = `set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
  set enable_mergejoin = off; set jit = off`;
// The same for the queue, whose tables are empty at first and may hold ten thousand jobs before they are analyzed.
const QUEUE_SETTINGS = `set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off`;

/** A transaction that a stopped process left open must not stop the other nodes for longer. */
const LEFT_OPEN_MS = 5_000;
/** Migrations of one process at a time. */
const MIGRATION_LOCK = "select pg_advisory_lock(4243, 0)";

export type PostgresOptions = { readonly logger: Logger; readonly timing?: Partial<ClusterTiming> };

/** Opens the database, which any number of processes may have open. */
export async function openPostgres(
  { url, place }: PostgresUrl,
  { logger, timing = {} }: PostgresOptions,
): Promise<Storage & Backend> {
  const config: pg.ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "ts-orca",
  };
  try {
    await migrateDatabase(config, { place, logger });
    return new PostgresStorage({ config, place, logger, timing: { ...CLUSTER_TIMING, ...timing } });
  } catch (error) {
    throw postgresError(place, error);
  }
}

type Parts = {
  readonly config: pg.ClientConfig;
  readonly place: string;
  readonly logger: Logger;
  readonly timing: ClusterTiming;
};

class PostgresStorage implements Storage, Backend {
  readonly kind = "postgres";
  readonly db: StorageDatabase;
  readonly knownBlobs = new KnownBlobs();
  readonly system: SystemStorage;
  readonly cluster: PostgresCluster;
  readonly limitStore: NonNullable<Storage["limitStore"]>;
  readonly #place: string;
  readonly #writers: pg.Pool;
  readonly #workers: pg.Pool;
  readonly #commits: CommitQueue;
  #closing: Promise<void> | null = null;

  constructor({ config, place, logger, timing }: Parts) {
    const timed = {
      ...config,
      query_timeout: QUERY_TIMEOUT_MS,
      idle_in_transaction_session_timeout: LEFT_OPEN_MS,
    };
    this.#place = place;
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
    const toStorageError = (error: unknown) => this.toStorageError(error);
    this.#workers = openPool(
      {
        ...timed,
        max: MOST_WORKERS,
        // oxlint-disable-next-line typescript/no-misused-promises -- the pool does wait for it
        onConnect: (client) => client.query(QUEUE_SETTINGS),
      },
      logger,
    );
    this.cluster = new PostgresCluster({
      config,
      place,
      timing,
      logger,
      toStorageError,
      pool: this.#workers,
    });
    this.limitStore = (clock) =>
      new PostgresLimitStore({ client: this.#workers, toStorageError, clock, logger });
    this.#commits = new CommitQueue({
      pool: this.#writers,
      assertReachable: () => this.#assertReachable(),
      enqueue: (client, wakes) => this.cluster.enqueue(client, wakes),
      onCommitted: (changes, work) => this.cluster.committed(changes, work),
      toStorageError,
    });
    const readers = openPool({ ...timed, max: MOST_READERS }, logger);
    this.db = this.#readingFrom(readers);
    this.system = {
      listUnfinished: () => this.#ask(() => listUnfinished(this.db)),
      retention: storedRetention(this),
      outbox: storedOutbox(this),
      hooks: storedHookLog(this),
      versionsOf: (workflows) => this.#ask(() => versionsOf(this.db, workflows)),
      ping: () => this.#ask(() => ping(this.db)),
    };
  }

  #readingFrom(readers: pg.Pool): Kysely<Database> {
    const connect = async () => {
      this.#assertReachable();
      return readers.connect();
    };
    const pool = { options: readers.options, connect, end: () => readers.end() };
    return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  }

  forTenant(tenantId: string): TenantStorage {
    return new StoredTenant(tenantId, this);
  }

  commit(tape: CommitTape, wake: Commit["wake"]): Promise<CommitResult> {
    return this.#commits.submit(tape, wake);
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
    await this.cluster.leave();
    await Promise.all([this.db.destroy(), this.#writers.end(), this.#workers.end()]);
  }

  /** While a node knows that the server is away, nobody has to wait to be told so. */
  #assertReachable(): void {
    const { failure } = this.cluster;
    if (failure !== null) throw failure;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw this.toStorageError(error);
    }
  }
}

/** On connections of their own, without a limit of time: a large migration may take long. */
async function migrateDatabase(
  config: pg.ClientConfig,
  { place, logger }: { readonly place: string; readonly logger: Logger },
): Promise<void> {
  const pool = openPool({ ...config, max: 3 }, logger);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await warnOfLooseDurability(pool, { place, logger });
    const lock = await pool.connect();
    try {
      await refuseBesideLoneServer(lock, place);
      await lock.query(MIGRATION_LOCK);
      await migrate(db, "postgres");
      await migrateBoss(pool, logger);
    } finally {
      lock.release(true); // with its connection the lock goes
    }
  } finally {
    await db.destroy();
  }
}

/** Servers of version 0.1 hold this lock for as long as they run, and take every step of others for orphaned. */
const LONE_SERVER_LOCK = 0x6f726361;

async function refuseBesideLoneServer(client: pg.PoolClient, place: string): Promise<void> {
  const { rows } = await client.query<{ free: boolean }>("select pg_try_advisory_lock_shared($1) as free", [
    LONE_SERVER_LOCK,
  ]);
  if (rows[0]?.free === true) return;
  throw new StorageError(
    "storage_locked",
    `PostgreSQL at ${place}: a ts-orca server of an earlier version, which can't share its database, still runs on it. Stop it first.`,
  );
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
