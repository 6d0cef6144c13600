import { type Kysely, sql } from "kysely";

import type { DatabaseKind } from "../schema.ts";

/** Tables of workflows, their journal and steps, blobs and idempotency keys. Never changed once released. */
export async function createInitialTables(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const columns = columnTypes(kind);
  await createWorkflows(db, kind);
  await createSteps(db, kind);
  await createModelCalls(db, kind);
  await db.schema
    .createTable("blobs")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("hash", columns.key, notNull)
    .addColumn("content", "text", notNull)
    .addColumn("size", "integer", notNull)
    .addColumn("escaped", "boolean", notNull)
    .addPrimaryKeyConstraint("blobs_pk", ["tenant_id", "hash"])
    .$call((table) => (kind === "postgres" ? table.modifyEnd(WHOLE_ROWS) : table))
    .execute();
  await db.schema
    .createTable("idempotency_keys")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("key", columns.key, notNull)
    .addColumn("fingerprint", "text", notNull)
    .addColumn("owner", "text", notNull)
    .addColumn("answer", columns.json)
    .addColumn("created_at", columns.key, notNull)
    .addPrimaryKeyConstraint("idempotency_keys_pk", ["tenant_id", "key"])
    .execute();
  await createEventsView(db, kind);
}

async function createWorkflows(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const columns = columnTypes(kind);
  await db.schema
    .createTable("workflows")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("id", columns.key, notNull)
    .addColumn("scope_id", columns.key)
    .addColumn("parent_id", columns.key)
    .addColumn("status", columns.key, notNull)
    .addColumn("version", "integer", notNull)
    .addColumn("title", "text", notNull)
    .addColumn("mode", columns.key)
    .addColumn("head", columns.json, notNull)
    .addColumn("closed", "boolean", notNull)
    .addColumn("created_at", columns.key, notNull)
    .addColumn("updated_at", columns.key, notNull)
    .addPrimaryKeyConstraint("workflows_pk", ["tenant_id", "id"])
    .$call((table) => (kind === "postgres" ? table.modifyEnd(REWRITTEN_ROWS) : table))
    .execute();
  await sql`create index workflows_listing on workflows (tenant_id, created_at desc, id desc)`.execute(db);
  await sql`create index workflows_unfinished on workflows (created_at, tenant_id, id)
    where closed = false and status not in ('paused', 'awaiting_approval')`.execute(db);
  await db.schema
    .createTable("workflow_parts")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("workflow_id", columns.key, notNull)
    .addColumn("kind", columns.key, notNull)
    .addColumn("key", columns.key, notNull)
    .addColumn("body", columns.json, notNull)
    .addPrimaryKeyConstraint("workflow_parts_pk", ["tenant_id", "workflow_id", "kind", "key"])
    .$call((table) => (kind === "postgres" ? table.modifyEnd(WHOLE_ROWS) : table))
    .execute();
  await db.schema
    .createTable("journal")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("workflow_id", columns.key, notNull)
    .addColumn("last_seq", "integer", notNull)
    .addColumn("first_seq", "integer", notNull)
    .addColumn("events", columns.json, notNull)
    .addPrimaryKeyConstraint("journal_pk", ["tenant_id", "workflow_id", "last_seq"])
    .$call((table) => (kind === "postgres" ? table.modifyEnd(WHOLE_ROWS) : table))
    .execute();
}

async function createSteps(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const columns = columnTypes(kind);
  await db.schema
    .createTable("steps")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("workflow_id", columns.key, notNull)
    .addColumn("id", columns.key, notNull)
    .addColumn("kind", columns.key, notNull)
    .addColumn("role", columns.key)
    .addColumn("task_id", columns.key)
    .addColumn("cycle", "integer", notNull)
    .addColumn("status", columns.key, notNull)
    .addColumn("attempt", "integer", notNull)
    .addColumn("owner", "text")
    .addColumn("lease_until", "bigint")
    .addColumn("available_at", "bigint")
    .addColumn("started_at", columns.key)
    .addColumn("finished_at", columns.key)
    .addColumn("error", columns.json)
    .addPrimaryKeyConstraint("steps_pk", ["tenant_id", "workflow_id", "id"])
    .$call((table) => (kind === "sqlite" ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
  await sql`create index steps_open on steps (status, available_at)
    where status in ('queued', 'running')`.execute(db);
}

async function createModelCalls(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const columns = columnTypes(kind);
  await db.schema
    .createTable("model_calls")
    .addColumn("tenant_id", columns.key, notNull)
    .addColumn("workflow_id", columns.key, notNull)
    .addColumn("step_id", columns.key, notNull)
    .addColumn("attempt", "integer", notNull)
    .addColumn("ordinal", "integer", notNull)
    .addColumn("role", columns.key, notNull)
    .addColumn("provider", "text", notNull)
    .addColumn("model_asked", "text", notNull)
    .addColumn("model_served", "text", notNull)
    .addColumn("usage", columns.json, notNull)
    .addColumn("latency_ms", "double precision", notNull)
    .addColumn("finish_reason", "text", notNull)
    .addColumn("request_hash", "text", notNull)
    .addColumn("prompt_hash", "text", notNull)
    .addColumn("packet_hash", "text", notNull)
    .addColumn("config_hash", "text", notNull)
    .addColumn("response_hash", "text")
    .addColumn("error", columns.json)
    .addColumn("created_at", columns.key, notNull)
    .addPrimaryKeyConstraint("model_calls_pk", ["tenant_id", "workflow_id", "step_id", "attempt", "ordinal"])
    .$call((table) => (kind === "sqlite" ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
}

/** One row an event, for people with a SQL prompt; the engine reads the journal itself. */
async function createEventsView(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  if (kind === "sqlite") {
    await sql`create view events as
      select j.tenant_id, j.workflow_id,
        e.value ->> '$.seq' as seq, e.value ->> '$.type' as type, e.value ->> '$.role' as role,
        e.value ->> '$.step_id' as step_id, e.value ->> '$.task_id' as task_id,
        e.value -> '$.payload' as payload, e.value ->> '$.actor' as actor,
        e.value ->> '$.version' as version, e.value ->> '$.occurred_at' as occurred_at
      from journal j, json_each(j.events) e`.execute(db);
    return;
  }
  // PostgreSQL stores NUL and lone surrogates in json as they were escaped, but can't take such a value apart.
  await sql`create view events as
    select j.tenant_id, j.workflow_id,
      (e.value ->> 'seq')::integer as seq, e.value ->> 'type' as type, e.value ->> 'role' as role,
      e.value ->> 'step_id' as step_id, e.value ->> 'task_id' as task_id,
      e.value -> 'payload' as payload, e.value ->> 'actor' as actor,
      (e.value ->> 'version')::integer as version, e.value ->> 'occurred_at' as occurred_at
    from journal j, json_array_elements(
      regexp_replace(j.events::text, '\\\\u(0000|d[89a-f][0-9a-f]{2})', '\ufffd', 'g')::json) as e(value)`.execute(
    db,
  );
}

// Room beside each version of a row, so that the next one stays on its page and touches no index.
const REWRITTEN_ROWS = sql`with (fillfactor = 50, toast_tuple_target = 8160)`;
// Rows up to a page are kept whole: compressing them costs the server more than the bytes it saves.
const WHOLE_ROWS = sql`with (toast_tuple_target = 8160)`;

/** Text columns compare by bytes on both databases, so that lists have one order. */
function columnTypes(kind: DatabaseKind) {
  return kind === "postgres"
    ? { key: sql`text collate "C"`, json: sql`json` }
    : { key: sql`text`, json: sql`json text` };
}

function notNull<T extends { notNull(): T }>(column: T): T {
  return column.notNull();
}
