import type { ClientBase, Pool } from "pg";
import type { PgBoss } from "pg-boss";

import { inTransaction } from "../pools.ts";
import { insertJobs, on, QUEUE } from "./boss.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import {
  deleteNode,
  forgottenWorkflows,
  jobsHeldBy,
  orphanedWorkflows,
  type SeenNode,
  workflowsRunBy,
} from "./node-queries.ts";

export type TakeOverParts = {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly timing: ClusterTiming;
};

/**
 * Removes a dead node and gives its jobs and running workflows to whoever takes them. Answers how many jobs are due
 * for it, null when another was faster or the node has come back.
 */
export function takeOver(
  parts: TakeOverParts,
  node: Pick<SeenNode, "id" | "lock_key" | "lease_until">,
): Promise<number | null> {
  return inTransaction(parts.pool, async (client) =>
    (await deleteNode(client, node)) ? passOn(parts, client, node.id) : null,
  );
}

/** Removes this process's own node, and passes on what it still has: nothing, after an orderly end. */
export function removeNode(parts: TakeOverParts, id: string): Promise<number> {
  return inTransaction(parts.pool, async (client) => {
    await client.query("delete from nodes where id = $1", [id]);
    return passOn(parts, client, id);
  });
}

async function passOn({ boss, timing }: TakeOverParts, client: ClientBase, nodeId: string): Promise<number> {
  const held = await jobsHeldBy(client, nodeId);
  if (held.length > 0) await boss.fail(QUEUE, held, null, { db: on(client) });
  const workflows = await workflowsRunBy(client, nodeId);
  await insertJobs(boss, client, { wakes: workflows.map(begunNow), timing });
  return held.length + workflows.length;
}

/** Makes jobs for workflows that nobody runs or has been told of; answers how many. */
export function sweepOrphans({ boss, pool, timing }: TakeOverParts): Promise<number> {
  return inTransaction(pool, async (client) => {
    await client.query("select pg_advisory_xact_lock(4243, 2)");
    const workflows = [...(await orphanedWorkflows(client)), ...(await forgottenWorkflows(client))];
    await insertJobs(boss, client, { wakes: workflows.map(begunNow), timing });
    return workflows.length;
  });
}

function begunNow(workflow: { tenant_id: string; workflow_id: string }) {
  return { ...workflow, at: null, begun: true, here: false };
}
