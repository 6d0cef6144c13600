column blobs.tenant_id text not null collate C;
column blobs.hash text not null collate C;
column blobs.content text not null;
column blobs.size integer not null;
column blobs.escaped boolean not null;
column blobs.touched_at bigint;
column idempotency_keys.tenant_id text not null collate C;
column idempotency_keys.key text not null collate C;
column idempotency_keys.fingerprint text not null;
column idempotency_keys.owner text not null;
column idempotency_keys.answer json;
column idempotency_keys.created_at text not null collate C;
column journal.tenant_id text not null collate C;
column journal.workflow_id text not null collate C;
column journal.last_seq integer not null;
column journal.first_seq integer not null;
column journal.events json not null;
column maintenance.name text not null collate C;
column maintenance.taken_until bigint not null;
column model_calls.tenant_id text not null collate C;
column model_calls.workflow_id text not null collate C;
column model_calls.step_id text not null collate C;
column model_calls.attempt integer not null;
column model_calls.ordinal integer not null;
column model_calls.role text not null collate C;
column model_calls.provider text not null;
column model_calls.model_asked text not null;
column model_calls.model_served text not null;
column model_calls.usage json not null;
column model_calls.latency_ms double precision not null;
column model_calls.finish_reason text not null;
column model_calls.request_hash text not null;
column model_calls.prompt_hash text not null;
column model_calls.packet_hash text not null;
column model_calls.config_hash text not null;
column model_calls.response_hash text;
column model_calls.error json;
column model_calls.created_at text not null collate C;
column model_calls.status text not null;
column model_calls.cost_usd double precision;
column model_calls.tokens bigint not null;
column nodes.id text not null;
column nodes.role text not null;
column nodes.version text not null;
column nodes.lock_key integer not null;
column nodes.started_at bigint not null;
column nodes.lease_until bigint not null;
column spend_counters.tenant_id text not null collate C;
column spend_counters.scope_id text not null collate C;
column spend_counters.period text not null collate C;
column spend_counters.cost_micro_usd bigint not null;
column spend_counters.tokens bigint not null;
column spend_counters.model_calls bigint not null;
column steps.tenant_id text not null collate C;
column steps.workflow_id text not null collate C;
column steps.id text not null collate C;
column steps.kind text not null collate C;
column steps.role text collate C;
column steps.task_id text collate C;
column steps.cycle integer not null;
column steps.status text not null collate C;
column steps.attempt integer not null;
column steps.owner text;
column steps.lease_until bigint;
column steps.available_at bigint;
column steps.started_at text collate C;
column steps.finished_at text collate C;
column steps.error json;
column workflow_parts.tenant_id text not null collate C;
column workflow_parts.workflow_id text not null collate C;
column workflow_parts.kind text not null collate C;
column workflow_parts.key text not null collate C;
column workflow_parts.body json not null;
column workflows.tenant_id text not null collate C;
column workflows.id text not null collate C;
column workflows.scope_id text collate C;
column workflows.parent_id text collate C;
column workflows.status text not null collate C;
column workflows.version integer not null;
column workflows.title text not null;
column workflows.mode text collate C;
column workflows.head json not null;
column workflows.closed boolean not null;
column workflows.created_at text not null collate C;
column workflows.updated_at text not null collate C;
table blobs with (toast_tuple_target=8160);
table journal with (toast_tuple_target=8160);
table workflow_parts with (toast_tuple_target=8160);
table workflows with (fillfactor=50, toast_tuple_target=8160);
CREATE UNIQUE INDEX blobs_pk ON public.blobs USING btree (tenant_id, hash);
CREATE UNIQUE INDEX idempotency_keys_pk ON public.idempotency_keys USING btree (tenant_id, key);
CREATE UNIQUE INDEX journal_pk ON public.journal USING btree (tenant_id, workflow_id, last_seq);
CREATE UNIQUE INDEX maintenance_pkey ON public.maintenance USING btree (name);
CREATE UNIQUE INDEX model_calls_pk ON public.model_calls USING btree (tenant_id, workflow_id, step_id, attempt, ordinal);
CREATE INDEX model_calls_usage ON public.model_calls USING btree (tenant_id, created_at);
CREATE UNIQUE INDEX nodes_pkey ON public.nodes USING btree (id);
CREATE UNIQUE INDEX spend_counters_pk ON public.spend_counters USING btree (tenant_id, scope_id, period);
CREATE UNIQUE INDEX steps_pk ON public.steps USING btree (tenant_id, workflow_id, id);
CREATE INDEX steps_running_owner ON public.steps USING btree (owner) WHERE (status = 'running'::text);
CREATE UNIQUE INDEX workflow_parts_pk ON public.workflow_parts USING btree (tenant_id, workflow_id, kind, key);
CREATE INDEX workflows_closed ON public.workflows USING btree (created_at) WHERE (closed = true);
CREATE INDEX workflows_listing ON public.workflows USING btree (tenant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX workflows_pk ON public.workflows USING btree (tenant_id, id);
CREATE INDEX workflows_unfinished ON public.workflows USING btree (created_at, tenant_id, id) WHERE ((closed = false) AND (status <> ALL (ARRAY['paused'::text, 'awaiting_approval'::text])));
view events as  SELECT j.tenant_id,
    j.workflow_id,
    ((e.value ->> 'seq'::text))::integer AS seq,
    (e.value ->> 'type'::text) AS type,
    (e.value ->> 'role'::text) AS role,
    (e.value ->> 'step_id'::text) AS step_id,
    (e.value ->> 'task_id'::text) AS task_id,
    (e.value -> 'payload'::text) AS payload,
    (e.value ->> 'actor'::text) AS actor,
    ((e.value ->> 'version'::text))::integer AS version,
    (e.value ->> 'occurred_at'::text) AS occurred_at
   FROM journal j,
    LATERAL json_array_elements((regexp_replace((j.events)::text, '\\u(0000|d[89a-f][0-9a-f]{2})'::text, '�'::text, 'g'::text))::json) e(value);
