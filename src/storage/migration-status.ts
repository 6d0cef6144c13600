import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { parseDatabaseUrl, type PostgresUrl } from "./database-url.ts";
import { changedByNewer } from "./migrate.ts";
import { allMigrations } from "./migrations/all-migrations.ts";
import { sqliteError, toSqliteFailure } from "./sqlite/sqlite-error.ts";

/** `done_at` is null for a step that this version would still take. */
export type MigrationStatus = { readonly name: string; readonly done_at: string | null };

type Done = ReadonlyMap<string, string>;
const HAS_TABLE = "select 1 from sqlite_schema where type = 'table' and name = 'kysely_migration'";
const READ_DONE = "select name, timestamp from kysely_migration order by name";

/**
 * The steps of the tables in their order, without changing anything; a SQLite file that is not there has taken none.
 * Rejects with a StorageError, also for a database that a newer version has changed.
 */
export async function migrationStatus(url: string): Promise<readonly MigrationStatus[]> {
  const database = parseDatabaseUrl(url);
  const done =
    database.kind === "sqlite" ? sqliteMigrations(database.file) : await postgresMigrations(database);
  const names = Object.keys(allMigrations(database.kind));
  const unknown = [...done.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) throw changedByNewer(unknown);
  return names.map((name) => ({ name, done_at: done.get(name) ?? null }));
}

/** What a SQLite file says of itself; also tells that it is none of ours by having no entry. */
export function sqliteMigrations(file: string): Done {
  if (!existsSync(file)) return new Map();
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    if (database.prepare(HAS_TABLE).get() === undefined) return new Map();
    return new Map(
      database
        .prepare(READ_DONE)
        .all()
        .map((row) => [String(row["name"]), String(row["timestamp"])]),
    );
  } catch (error) {
    throw sqliteError(file, toSqliteFailure(error), error);
  } finally {
    database?.close();
  }
}

async function postgresMigrations({ url, place }: PostgresUrl): Promise<Done> {
  const [{ default: pg }, { postgresError }] = await Promise.all([
    import("pg"),
    import("./postgres/postgres-error.ts"),
  ]);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined); // a query in flight rejects by itself
  try {
    await client.connect();
    const { rows: tables } = await client.query<{ found: boolean }>(
      "select to_regclass('kysely_migration') is not null as found",
    );
    if (tables[0]?.found !== true) return new Map();
    const { rows } = await client.query<{ name: string; timestamp: string }>(READ_DONE);
    return new Map(rows.map(({ name, timestamp }) => [name, timestamp]));
  } catch (error) {
    throw postgresError(place, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
