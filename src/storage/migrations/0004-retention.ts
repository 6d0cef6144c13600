import { type Kysely, sql } from "kysely";

import type { DatabaseKind } from "../schema.ts";

const BELONGINGS = ["workflow_parts", "journal", "steps", "model_calls", "tool_calls"];

/**
 * What deleting old workflows needs: a workflow goes with all that belongs to it, contents know when they were last
 * brought, and turns make one node of many do it. Only adds what the version before can live with.
 */
export async function addRetention(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  await db.schema.alterTable("blobs").addColumn("touched_at", "bigint").execute();
  // Columns that every commit changes must stay out of it, or PostgreSQL would touch all indexes at each commit.
  await sql`create index workflows_closed on workflows (created_at) where closed = true`.execute(db);
  const key = kind === "postgres" ? sql`text collate "C"` : sql`text`;
  await db.schema
    .createTable("maintenance")
    .addColumn("name", key, (column) => column.primaryKey())
    .addColumn("taken_until", "bigint", (column) => column.notNull())
    .execute();
  if (kind === "sqlite") await sqliteTrigger(db);
  else await postgresTrigger(db);
}

function deletions(): string {
  return BELONGINGS.map(
    (table) => `delete from ${table} where tenant_id = old.tenant_id and workflow_id = old.id;`,
  ).join(" ");
}

async function sqliteTrigger(db: Kysely<unknown>): Promise<void> {
  const body = sql.raw(deletions());
  await sql`create trigger workflows_whole after delete on workflows begin ${body} end`.execute(db);
}

async function postgresTrigger(db: Kysely<unknown>): Promise<void> {
  const body = sql.raw(deletions());
  await sql`create function orca_delete_belongings() returns trigger language plpgsql as
    $$ begin ${body} return null; end $$`.execute(db);
  await sql`create trigger workflows_whole after delete on workflows
    for each row execute function orca_delete_belongings()`.execute(db);
}
