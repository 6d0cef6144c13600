import type { ClientBase, Pool } from "pg";
import type { PgBoss } from "pg-boss";

import type { WorkflowRef, WorkJob, WorkQueue } from "../../../ports/cluster.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { StorageError } from "../../../ports/storage.ts";
import { inTransaction } from "../pools.ts";
import { on, QUEUE } from "./boss.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import { type HeldJob, holdJobs } from "./node-queries.ts";

/** Lets one node at a time take jobs: only then a limit over all nodes is one. */
const TAKE_LOCK = "select pg_advisory_xact_lock(4243, 1)";

export type PgBossQueueOptions = {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly timing: ClusterTiming;
  readonly logger: Logger;
  readonly toStorageError: (error: unknown) => StorageError;
  /** There is something to take that was not there before. */
  readonly onWork: () => void;
};

type Fetched = { readonly id: string; readonly retryCount: number; readonly data: WorkflowRef };

/** The queue on pg-boss. Jobs in hand are touched until they are finished or given back. */
export class PgBossQueue implements WorkQueue {
  readonly #options: PgBossQueueOptions;
  readonly #held = new Map<string, HeldJob>();
  #nodeId: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PgBossQueueOptions) {
    this.#options = options;
  }

  /** From now on jobs are taken in the name of the node, and touched. */
  start(nodeId: string): void {
    this.#nodeId = nodeId;
    this.#touchLater();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#held.clear();
  }

  async take(free: number, perTenant: number): Promise<readonly WorkJob[]> {
    if (free < 1 || perTenant < 1) return [];
    const jobs = await this.#ask(() =>
      inTransaction(this.#options.pool, async (client) => {
        await client.query(TAKE_LOCK);
        const fetched = await this.#fetch(client, { free, perTenant });
        if (fetched.length > 0 && this.#nodeId !== null) {
          await holdJobs(
            client,
            this.#nodeId,
            fetched.map(({ id }) => id),
          );
        }
        return fetched;
      }),
    );
    for (const { id, retryCount } of jobs) this.#held.set(id, { id, retryCount });
    return jobs.map(({ id, retryCount, data: { tenant_id, workflow_id } }) => ({
      id,
      retry: retryCount,
      tenant_id,
      workflow_id,
    }));
  }

  async finish(jobs: readonly WorkJob[]): Promise<void> {
    const held = this.#letGo(jobs);
    if (held.length > 0) await this.#ask(() => this.#options.boss.deleteJob(QUEUE, held));
  }

  async giveBack(jobs: readonly WorkJob[], delayMs: number): Promise<void> {
    const held = this.#letGo(jobs);
    if (held.length === 0) return;
    await this.#ask(() =>
      inTransaction(this.#options.pool, async (client) => {
        await this.#options.boss.fail(QUEUE, held, null, { db: on(client) });
        if (delayMs > 0) await delay(client, held, delayMs);
      }),
    );
    if (delayMs <= 0) this.#options.onWork();
  }

  /**
   * Of a tenant with many jobs a fetch keeps only what its limit allows, so the room it leaves is asked for again. The
   * size of a fetch is part of its text: powers of two make few texts, whose plans are kept.
   */
  async #fetch(client: ClientBase, room: { free: number; perTenant: number }): Promise<Fetched[]> {
    const fetched: Fetched[] = [];
    for (;;) {
      const batchSize = 2 ** Math.floor(Math.log2(room.free - fetched.length));
      const more = (await this.#options.boss.fetch<WorkflowRef>(QUEUE, {
        batchSize,
        groupConcurrency: room.perTenant,
        db: on(client),
      })) as Fetched[];
      fetched.push(...more);
      if (more.length === 0 || fetched.length === room.free) return fetched;
    }
  }

  #letGo(jobs: readonly WorkJob[]): HeldJob[] {
    return jobs.map(({ id, retry }) => {
      if (this.#held.get(id)?.retryCount === retry) this.#held.delete(id);
      return { id, retryCount: retry };
    });
  }

  #touchLater(): void {
    this.#timer = setTimeout(() => void this.#touch(), this.#options.timing.touchMs).unref();
  }

  async #touch(): Promise<void> {
    try {
      if (this.#held.size > 0) await this.#options.boss.touch(QUEUE, [...this.#held.values()]);
    } catch (error) {
      const { message } = this.#options.toStorageError(error);
      this.#options.logger.warn({ reason: message }, "the jobs in hand could not be touched");
    }
    if (this.#timer !== null) this.#touchLater();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw this.#options.toStorageError(error);
    }
  }
}

/** Of `jobs` those that were just failed; the queue itself only knows delays that are the same for all. */
async function delay(client: ClientBase, jobs: readonly HeldJob[], delayMs: number): Promise<void> {
  await client.query(
    `update boss.job set start_after = now() + $2::float8 * interval '1 ms'
      where name = '${QUEUE}' and state = 'retry' and id = any($1::uuid[])`,
    [jobs.map(({ id }) => id), delayMs],
  );
}
