import type { Config } from "../config/config.ts";
import { restAsLong } from "../maintenance/hourly-pruning.ts";
import { pruneHooks } from "../maintenance/prune-hooks.ts";
import { prune, type Pruned } from "../maintenance/prune.ts";
import { parseDatabaseUrl } from "../storage/database-url.ts";
import { type MigrationStatus, migrationStatus } from "../storage/migration-status.ts";
import { openStorage } from "../storage/open-storage.ts";
import { type BackupFile, type BackupOptions, backupSqlite } from "../storage/sqlite/backup-sqlite.ts";
import { type Restored, restoreSqlite } from "../storage/sqlite/restore-sqlite.ts";
import { createLogger } from "../telemetry/pino-logger.ts";
import { systemClock } from "./system-clock.ts";

/** What the commands for operators do to a database by hand. All of it rejects with a StorageError. */

/** The steps of the tables in their order; nothing is changed. */
export function migrationsOf(config: Config): Promise<readonly MigrationStatus[]> {
  return migrationStatus(config.database);
}

/** Brings the tables up to date and resolves with the steps that were taken, in their order. */
export async function migrateNow(config: Config): Promise<readonly string[]> {
  const missing = async (): Promise<string[]> =>
    (await migrationsOf(config)).flatMap(({ name, done_at }) => (done_at === null ? [name] : []));
  const before = await missing();
  // On PostgreSQL the queue has tables of its own, which only opening looks at.
  if (before.length === 0 && parseDatabaseUrl(config.database).kind === "sqlite") return [];
  const storage = await openStorage(config.database, { logger: createLogger(config.log) });
  await storage.close();
  const after = await missing();
  return before.filter((name) => !after.includes(name));
}

export type PruneByHand = {
  /** Null takes what is configured. */
  readonly workflowsDays: number | null;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
};

/** Nobody counts hooks for a dry run: null. */
export type PrunedByHand = Pruned & { readonly received_hooks: number | null };

/** Prunes now; a SQLite file that a server has open is locked. */
export async function pruneNow(config: Config, options: PruneByHand): Promise<PrunedByHand> {
  const { workflowsDays, dryRun, signal } = options;
  const storage = await openStorage(config.database, { logger: createLogger(config.log) });
  try {
    const now = systemClock.now();
    const pruned = await prune(storage.system.retention, {
      now,
      workflowsDays: workflowsDays ?? config.retention.workflows_days,
      dryRun,
      sweepBlobs: true,
      signal,
      rest: restAsLong(signal),
    });
    const received_hooks = dryRun ? null : await pruneHooks(storage.system.hooks, now, signal);
    return { ...pruned, received_hooks };
  } finally {
    await storage.close();
  }
}

/** Null for a database that is none of SQLite's. */
export async function backupNow(
  config: Config,
  file: string,
  options: BackupOptions,
): Promise<BackupFile | null> {
  const database = parseDatabaseUrl(config.database);
  return database.kind === "sqlite" ? backupSqlite(database.file, file, options) : null;
}

/** Null for a database that is none of SQLite's. */
export async function restoreNow(config: Config, backupFile: string): Promise<Restored | null> {
  const database = parseDatabaseUrl(config.database);
  return database.kind === "sqlite" ? restoreSqlite(database.file, backupFile, systemClock.now()) : null;
}
