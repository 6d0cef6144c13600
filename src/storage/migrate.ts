import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";

import { StorageError } from "../ports/storage.ts";
import { allMigrations } from "./migrations/all-migrations.ts";
import type { Database, DatabaseKind } from "./schema.ts";

type WithMigrations = { kysely_migration: { name: string } };

/** Brings the tables up to date. Refuses a database that a newer version has already changed. */
export async function migrate(db: Kysely<Database>, kind: DatabaseKind): Promise<void> {
  const migrations = allMigrations(kind);
  await refuseNewer(db, new Set(Object.keys(migrations)));
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  }).migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error("a migration failed", { cause: error });
}

async function refuseNewer(db: Kysely<Database>, known: ReadonlySet<string>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === "kysely_migration")) return;
  const done = await db
    .withTables<WithMigrations>()
    .selectFrom("kysely_migration")
    .select("name")
    .orderBy("name")
    .execute();
  const unknown = done.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw changedByNewer(unknown);
}

export function changedByNewer(migrations: readonly string[]): StorageError {
  return new StorageError(
    "storage_outdated",
    `The database was changed by a newer ts-orca (${migrations.join(", ")}). Install that version, or use another database.`,
  );
}
