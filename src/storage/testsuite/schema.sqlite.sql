CREATE VIEW events as
      select j.tenant_id, j.workflow_id,
        e.value ->> '$.seq' as seq, e.value ->> '$.type' as type, e.value ->> '$.role' as role,
        e.value ->> '$.step_id' as step_id, e.value ->> '$.task_id' as task_id,
        e.value -> '$.payload' as payload, e.value ->> '$.actor' as actor,
        e.value ->> '$.version' as version, e.value ->> '$.occurred_at' as occurred_at
      from journal j, json_each(j.events) e;
CREATE TRIGGER workflows_whole after delete on workflows begin delete from workflow_parts where tenant_id = old.tenant_id and workflow_id = old.id; delete from journal where tenant_id = old.tenant_id and workflow_id = old.id; delete from steps where tenant_id = old.tenant_id and workflow_id = old.id; delete from model_calls where tenant_id = old.tenant_id and workflow_id = old.id; end;
CREATE TABLE "blobs" ("tenant_id" text not null, "hash" text not null, "content" text not null, "size" integer not null, "escaped" boolean not null, "touched_at" bigint, constraint "blobs_pk" primary key ("tenant_id", "hash"));
CREATE TABLE "idempotency_keys" ("tenant_id" text not null, "key" text not null, "fingerprint" text not null, "owner" text not null, "answer" json text, "created_at" text not null, constraint "idempotency_keys_pk" primary key ("tenant_id", "key"));
CREATE TABLE "journal" ("tenant_id" text not null, "workflow_id" text not null, "last_seq" integer not null, "first_seq" integer not null, "events" json text not null, constraint "journal_pk" primary key ("tenant_id", "workflow_id", "last_seq"));
CREATE TABLE "maintenance" ("name" text primary key, "taken_until" bigint not null);
CREATE TABLE "model_calls" ("tenant_id" text not null, "workflow_id" text not null, "step_id" text not null, "attempt" integer not null, "ordinal" integer not null, "role" text not null, "provider" text not null, "model_asked" text not null, "model_served" text not null, "usage" json text not null, "latency_ms" double precision not null, "finish_reason" text not null, "request_hash" text not null, "prompt_hash" text not null, "packet_hash" text not null, "config_hash" text not null, "response_hash" text, "error" json text, "created_at" text not null, "status" text default 'answered' not null, "cost_usd" double precision, "tokens" bigint default 0 not null, constraint "model_calls_pk" primary key ("tenant_id", "workflow_id", "step_id", "attempt", "ordinal")) without rowid;
CREATE TABLE "spend_counters" ("tenant_id" text not null, "scope_id" text not null, "period" text not null, "cost_micro_usd" bigint not null, "tokens" bigint not null, "model_calls" bigint not null, constraint "spend_counters_pk" primary key ("tenant_id", "scope_id", "period"));
CREATE TABLE "steps" ("tenant_id" text not null, "workflow_id" text not null, "id" text not null, "kind" text not null, "role" text, "task_id" text, "cycle" integer not null, "status" text not null, "attempt" integer not null, "owner" text, "lease_until" bigint, "available_at" bigint, "started_at" text, "finished_at" text, "error" json text, constraint "steps_pk" primary key ("tenant_id", "workflow_id", "id")) without rowid;
CREATE TABLE "workflow_parts" ("tenant_id" text not null, "workflow_id" text not null, "kind" text not null, "key" text not null, "body" json text not null, constraint "workflow_parts_pk" primary key ("tenant_id", "workflow_id", "kind", "key"));
CREATE TABLE "workflows" ("tenant_id" text not null, "id" text not null, "scope_id" text, "parent_id" text, "status" text not null, "version" integer not null, "title" text not null, "mode" text, "head" json text not null, "closed" boolean not null, "created_at" text not null, "updated_at" text not null, constraint "workflows_pk" primary key ("tenant_id", "id"));
CREATE INDEX model_calls_usage on model_calls (tenant_id, created_at);
CREATE INDEX workflows_closed on workflows (created_at) where closed = true;
CREATE INDEX workflows_listing on workflows (tenant_id, created_at desc, id desc);
CREATE INDEX workflows_unfinished on workflows (created_at, tenant_id, id)
    where closed = false and status not in ('paused', 'awaiting_approval');
