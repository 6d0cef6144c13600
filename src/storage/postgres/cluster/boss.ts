import { createHash } from "node:crypto";

import type { ClientBase, Pool } from "pg";
import { type ConstructorOptions, type Db, type JobInsert, PgBoss } from "pg-boss";

import type { Commit } from "../../../core/workflow/commit.ts";
import type { WorkflowRef } from "../../../ports/cluster.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { ClusterTiming } from "./cluster-timing.ts";

/** The queue of workflows that want a node. Its table belongs to pg-boss; only we put jobs into it. */
export const QUEUE = "workflows";

const NEVER_SECONDS = 1_000_000_000;
const MOST_PREPARED = 40;

/** A workflow that wants a node; `at` is when, null at once; `begun` ones go before those not yet begun. */
export type Wake = WorkflowRef & NonNullable<Commit["wake"]>;

/** pg-boss on connections of ours. Nothing runs in the background before `start`. */
export function makeBoss(
  pool: Pool,
  { timing, logger }: { readonly timing: ClusterTiming; readonly logger: Logger },
): PgBoss {
  const options: ConstructorOptions = {
    db: on(pool),
    schema: "boss",
    migrate: false,
    schedule: false,
    registerInstance: false,
    // Nodes announce jobs themselves, after the commit: a NOTIFY inside would let only one commit at a time through.
    useListenNotify: false,
    superviseIntervalSeconds: timing.superviseSeconds,
    monitorIntervalSeconds: timing.superviseSeconds,
    flowIntervalSeconds: 3_600,
  };
  const boss = new PgBoss(options);
  boss.on("error", (error) => logger.warn({ reason: error.message }, "pg-boss failed at a task of its own"));
  boss.on("warning", ({ message, data }) => logger.warn({ data }, message));
  return boss;
}

/** Makes pg-boss's tables and the queue, or brings them up to date. Two processes must not do so at once. */
export async function migrateBoss(pool: Pool, logger: Logger): Promise<void> {
  const boss = new PgBoss({ db: on(pool), schema: "boss", ...QUIET });
  boss.on("error", (error) => logger.warn({ reason: error.message }, "pg-boss failed at a task of its own"));
  await boss.start();
  try {
    // A table of its own has fewer indexes than the one that queues of all policies share.
    await boss.createQueue(QUEUE, {
      policy: "standard",
      partition: true,
      retryDelay: 0,
      retryBackoff: false,
    });
  } finally {
    await boss.stop({ graceful: false });
  }
}

const QUIET = { supervise: false, schedule: false, registerInstance: false } satisfies ConstructorOptions;

/** Puts the jobs in with whatever transaction `client` is in. */
export async function insertJobs(
  boss: PgBoss,
  client: ClientBase,
  { wakes, timing }: { readonly wakes: readonly Wake[]; readonly timing: ClusterTiming },
): Promise<void> {
  if (wakes.length === 0) return;
  await boss.insert(
    QUEUE,
    wakes.map((wake) => toJob(wake, timing)),
    { db: on(client) },
  );
}

/**
 * What `insert` takes is not held to the limits of `createQueue`: a workflow may run for longer than the 24 hours
 * after which a queue's jobs would be given out again, and has no use for a limit on retries.
 */
function toJob(wake: Wake, timing: ClusterTiming): JobInsert {
  const { tenant_id, workflow_id } = wake;
  return {
    data: { tenant_id, workflow_id },
    priority: wake.begun ? 1 : 0,
    group: { id: tenant_id },
    singletonKey: `${tenant_id}/${workflow_id}`,
    retryLimit: NEVER_SECONDS,
    expireInSeconds: NEVER_SECONDS,
    retentionSeconds: NEVER_SECONDS,
    heartbeatSeconds: timing.jobSilenceSeconds,
    ...(wake.at === null ? {} : { startAfter: wake.at }),
  };
}

/**
 * Our connections in the shape in which pg-boss takes them. What has parameters is prepared: planning an insert of
 * pg-boss takes three times as long as carrying it out.
 */
export function on(connection: ClientBase | Pool): Db {
  return {
    executeSql: (text, values) =>
      values === undefined || values.length === 0
        ? connection.query(text)
        : connection.query({ name: nameOf(text), text, values }),
  };
}

const names = new Map<string, string>();

/** pg-boss writes the same few texts again and again; what comes after those is not worth a plan that is kept. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_PREPARED) return known;
  const name = `boss_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
  names.set(text, name);
  return name;
}
