import { type Kysely, sql } from "kysely";

import type { DatabaseKind } from "../schema.ts";

/** Outside effects of steps, written before they happen and when their outcome is known. */
export async function addToolCalls(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const key = kind === "postgres" ? sql`text collate "C"` : sql`text`;
  const json = kind === "postgres" ? sql`json` : sql`json text`;
  await db.schema
    .createTable("tool_calls")
    .addColumn("tenant_id", key, (column) => column.notNull())
    .addColumn("workflow_id", key, (column) => column.notNull())
    .addColumn("step_id", key, (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("ordinal", "integer", (column) => column.notNull())
    .addColumn("tool", "text", (column) => column.notNull())
    .addColumn("semantics", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("input_hash", "text", (column) => column.notNull())
    .addColumn("output_hash", "text")
    .addColumn("known_by", "text")
    .addColumn("latency_ms", "double precision", (column) => column.notNull())
    .addColumn("error", json)
    .addColumn("created_at", key, (column) => column.notNull())
    .addPrimaryKeyConstraint("tool_calls_pk", ["tenant_id", "workflow_id", "step_id", "attempt", "ordinal"])
    .$call((table) => (kind === "sqlite" ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
}
