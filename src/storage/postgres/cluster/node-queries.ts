import type { ClientBase } from "pg";

import type { NodeRole, WorkflowRef } from "../../../ports/cluster.ts";
import { QUEUE } from "./boss.ts";
import { NODE_LOCKS } from "./cluster-connection.ts";

/** Leases are told by the clock of the database alone. */
const NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/** Renews the lease, or makes the row when it is gone: `fresh`. */
export const RENEW = `insert into nodes (id, role, version, lock_key, started_at, lease_until)
  values ($1, $2, $3, $4, ${NOW}, ${NOW} + $5::bigint)
  on conflict (id) do update set lock_key = excluded.lock_key, lease_until = excluded.lease_until
  returning xmax = 0 as fresh`;

export type Renewed = { readonly fresh: boolean };

export type SeenNode = {
  readonly id: string;
  readonly lock_key: number;
  readonly lease_until: number;
  readonly lapsed: boolean;
  readonly locked: boolean;
  /** PostgreSQL runs for long enough that whoever lives has had the time to take its lock. */
  readonly settled: boolean;
};

export const LOOK = `select n.id, n.lock_key, n.lease_until, n.lease_until < ${NOW} as lapsed, l.pid is not null as locked,
    clock_timestamp() > pg_postmaster_start_time() + $1::float8 * interval '1 ms' as settled
  from nodes n left join pg_locks l
    on l.locktype = 'advisory' and l.classid = ${NODE_LOCKS} and l.objid = n.lock_key::oid and l.objsubid = 2 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())`;

export const DUE = `select exists (select from boss.job
  where name = '${QUEUE}' and state < 'active' and not blocked and start_after <= now()) as due`;

export const NODES = `select id, role, version, started_at, lease_until from nodes order by started_at, id`;

export type NodeRow = {
  readonly id: string;
  readonly role: NodeRole;
  readonly version: string;
  readonly started_at: number;
  readonly lease_until: number;
};

/** Whether a lapsed lease is a death is decided in one place, where the node is removed. */
export const LIVING = `select id from nodes where id = any($1::text[])`;

/** True for one caller alone, and for none when the node has renewed its lease since it was seen. */
export async function deleteNode(
  client: ClientBase,
  { id, lock_key, lease_until }: Pick<SeenNode, "id" | "lock_key" | "lease_until">,
): Promise<boolean> {
  const { rowCount } = await client.query(
    "delete from nodes where id = $1 and lock_key = $2 and lease_until = $3",
    [id, lock_key, lease_until],
  );
  return rowCount === 1;
}

export type HeldJob = { readonly id: string; readonly retryCount: number };

/** Writes into the jobs who has them. */
export async function holdJobs(client: ClientBase, nodeId: string, ids: readonly string[]): Promise<void> {
  await client.query(
    `update boss.job set data = data || jsonb_build_object('node', $2::text)
      where name = '${QUEUE}' and id = any($1::uuid[])`,
    [ids, nodeId],
  );
}

export async function jobsHeldBy(client: ClientBase, nodeId: string): Promise<HeldJob[]> {
  const { rows } = await client.query<HeldJob>(
    `select id, retry_count as "retryCount" from boss.job
      where name = '${QUEUE}' and state = 'active' and group_id is not null and data ->> 'node' = $1`,
    [nodeId],
  );
  return rows;
}

/** Job and step name a workflow in the same way; the collation is that of pg-boss's index. */
const HAS_QUEUED_JOB = `exists (select from boss.job j where j.name = '${QUEUE}' and j.state < 'active'
  and j.start_after <= clock_timestamp() and j.singleton_key = (s.tenant_id || '/' || s.workflow_id) collate "default")`;
const HAS_HELD_JOB = `exists (select from boss.job j where j.name = '${QUEUE}' and j.state = 'active'
  and j.group_id = s.tenant_id collate "default"
  and j.singleton_key = (s.tenant_id || '/' || s.workflow_id) collate "default")`;

const HAS_ANY_JOB = `exists (select from boss.job j where j.name = '${QUEUE}' and j.state <= 'active'
  and j.singleton_key = (w.tenant_id || '/' || w.id) collate "default")`;

/** Workflows with a step that `owner` runs and without a job that is due. */
export async function workflowsRunBy(client: ClientBase, owner: string): Promise<WorkflowRef[]> {
  const { rows } = await client.query<WorkflowRef>(
    `select distinct s.tenant_id, s.workflow_id from steps s
      where s.status = 'running' and s.owner = $1 and not ${HAS_QUEUED_JOB}`,
    [owner],
  );
  return rows;
}

/** Workflows with a running step that no node owns, and without anybody who has been told of them. */
export async function orphanedWorkflows(client: ClientBase): Promise<WorkflowRef[]> {
  const { rows } = await client.query<WorkflowRef>(
    `select distinct s.tenant_id, s.workflow_id from steps s
      where s.status = 'running' and not exists (select from nodes n where n.id = s.owner)
        and not ${HAS_QUEUED_JOB} and not ${HAS_HELD_JOB}`,
  );
  return rows;
}

/**
 * Workflows that are not at their end, wait for nobody, and have neither a running step nor a job: those of a database
 * that was restored without its queue. One that was written to in the last 20 seconds is left to whoever wrote it.
 */
export async function forgottenWorkflows(client: ClientBase): Promise<WorkflowRef[]> {
  const { rows } = await client.query<WorkflowRef>(
    `select w.tenant_id, w.id as workflow_id from workflows w
      where closed = false and status not in ('paused', 'awaiting_approval')
        and w.updated_at < to_char(
          (clock_timestamp() - interval '20 seconds') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        and not exists (select from steps s
          where s.tenant_id = w.tenant_id and s.workflow_id = w.id and s.status = 'running')
        and not ${HAS_ANY_JOB}`,
  );
  return rows;
}
