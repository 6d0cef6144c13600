import { type Kysely, sql } from "kysely";

import type { DatabaseKind } from "../schema.ts";

/**
 * Many nodes on one PostgreSQL database; model calls that are written before they leave; budgets over many workflows.
 * Only adds what the version before can live with, so that both can run on the same database.
 */
export async function addNodesAndSpend(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  await db.schema
    .alterTable("model_calls")
    .addColumn("status", "text", (column) => column.notNull().defaultTo("answered"))
    .execute();
  await db.schema.alterTable("model_calls").addColumn("cost_usd", "double precision").execute();
  await db.schema
    .alterTable("model_calls")
    .addColumn("tokens", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`create index model_calls_usage on model_calls (tenant_id, created_at)`.execute(db);
  await createSpendCounters(db, kind);
  await sql`drop index steps_open`.execute(db); // no query came to use it
  if (kind === "postgres") await createNodes(db);
}

/** One row a budget and period; `scope_id` is empty for the tenant as a whole, `period` is 2026-11 or 2026-11-23. */
async function createSpendCounters(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const key = kind === "postgres" ? sql`text collate "C"` : sql`text`;
  await db.schema
    .createTable("spend_counters")
    .addColumn("tenant_id", key, (column) => column.notNull())
    .addColumn("scope_id", key, (column) => column.notNull())
    .addColumn("period", key, (column) => column.notNull())
    .addColumn("cost_micro_usd", "bigint", (column) => column.notNull())
    .addColumn("tokens", "bigint", (column) => column.notNull())
    .addColumn("model_calls", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("spend_counters_pk", ["tenant_id", "scope_id", "period"])
    .execute();
}

/** `lock_key` is the advisory lock that the node's connection holds; times are milliseconds by the database's clock. */
async function createNodes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("nodes")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("lock_key", "integer", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("lease_until", "bigint", (column) => column.notNull())
    .execute();
  // What all nodes together ask of a provider; one row each, changed with every call.
  await sql`create table provider_limits (
    provider text collate "C" primary key,
    closed_until bigint not null default 0,
    window_ends bigint not null default 0,
    requests bigint not null default 0,
    tokens bigint not null default 0,
    places jsonb not null default '{}') with (fillfactor = 50)`.execute(db);
  await sql`create index steps_running_owner on steps (owner) where status = 'running'`.execute(db);
}
