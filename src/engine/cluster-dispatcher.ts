import type { Clock } from "../ports/clock.ts";
import type { Cluster, WorkJob } from "../ports/cluster.ts";
import type { Logger } from "../ports/logger.ts";
import { type Dispatcher, type DispatcherLimits, keyOf } from "./dispatcher.ts";

/** How long a job may lie unnoticed when the call to it was lost. */
const LOOK_EVERY_MS = 1_000;
const COUNT_NODES_EVERY_MS = 5_000;

export type ClusterDispatcherParts = {
  readonly cluster: Pick<Cluster, "queue" | "nodes">;
  readonly limits: DispatcherLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly activate: (key: string) => void;
};

/**
 * Slots of one node among many. A workflow gets one with its job from the queue, and keeps the job until nothing of it
 * runs here; the limit of a tenant holds over all nodes. `enqueue` only looks for jobs: they are left behind by commits.
 */
export class ClusterDispatcher implements Dispatcher {
  readonly shared = true;
  readonly #parts: ClusterDispatcherParts;
  readonly #held = new Map<string, WorkJob>();
  /** Held workflows of which another job has come: something may have become runnable since they were looked at. */
  readonly #calledAgain = new Set<string>();
  #finished: WorkJob[] = [];
  #returned: { readonly job: WorkJob; readonly delayMs: number }[] = [];
  #opened = false;
  #pumping = false;
  #pumped: Promise<void> = Promise.resolve();
  #again = false;
  #cancelLook: (() => void) | null = null;
  #nodes = { working: 1, counted_at: Number.NEGATIVE_INFINITY };

  constructor(parts: ClusterDispatcherParts) {
    this.#parts = parts;
  }

  holds(key: string): boolean {
    return this.#held.has(key);
  }

  get hasRoom(): boolean {
    return this.#opened && this.#held.size < this.#parts.limits.workflows;
  }

  tryTake(): boolean {
    return false;
  }

  enqueue(): void {
    this.wake();
  }

  release(key: string): void {
    const job = this.#held.get(key);
    if (!job) return;
    if (this.#calledAgain.delete(key)) {
      this.#parts.activate(key);
      return;
    }
    this.#held.delete(key);
    this.#finished.push(job);
    this.wake();
  }

  postpone(key: string, delayMs: number): void {
    const job = this.#held.get(key);
    if (!job) return;
    this.#held.delete(key);
    this.#calledAgain.delete(key);
    this.#returned.push({ job, delayMs });
    this.wake();
  }

  open(): void {
    this.#opened = true;
    this.wake();
  }

  close(): void {
    this.#opened = false;
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  /** Hands back what is still held: whoever asks has stopped all of it. */
  async drained(): Promise<void> {
    await this.#pumped;
    this.#held.forEach((_job, key) => this.postpone(key, 0));
    await this.#pumped;
    await this.#finish();
  }

  /** There may be something to take. */
  wake(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    this.#pumped = new Promise((resolve) => setImmediate(resolve)).then(() => this.#pump());
  }

  async #pump(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#finish();
        await this.#take();
      } catch (error) {
        this.#parts.logger.warn({ error }, "the queue of workflows can't be reached; trying again");
      }
    }
    this.#pumping = false;
    this.#lookLater();
  }

  async #finish(): Promise<void> {
    await this.#giveBack();
    const jobs = this.#finished;
    if (jobs.length === 0) return;
    this.#finished = [];
    try {
      await this.#parts.cluster.queue.finish(jobs);
    } catch (error) {
      this.#finished.push(...jobs);
      throw error;
    }
  }

  async #giveBack(): Promise<void> {
    for (let next = this.#returned.shift(); next !== undefined; next = this.#returned.shift()) {
      try {
        await this.#parts.cluster.queue.giveBack([next.job], next.delayMs);
      } catch (error) {
        this.#returned.unshift(next);
        throw error;
      }
    }
  }

  async #take(): Promise<void> {
    const { cluster, limits, activate } = this.#parts;
    const free = limits.workflows - this.#held.size;
    if (!this.#opened || free <= 0) return;
    const jobs = await cluster.queue.take(free, limits.perTenant * (await this.#workingNodes()));
    if (!this.#opened) return void this.#returned.push(...jobs.map((job) => ({ job, delayMs: 0 })));
    for (const job of jobs) {
      const key = keyOf(job.tenant_id, job.workflow_id);
      const before = this.#held.get(key);
      if (before) {
        // It may be the same job, taken from this node while it was silent: only the new hold on it is good.
        this.#finished.push(before);
        this.#calledAgain.add(key);
      }
      this.#held.set(key, job);
      activate(key);
    }
    if (this.#finished.length > 0 || jobs.length === free) this.#again = true;
  }

  async #workingNodes(): Promise<number> {
    const now = performance.now();
    if (now - this.#nodes.counted_at >= COUNT_NODES_EVERY_MS) {
      const nodes = await this.#parts.cluster.nodes();
      const working = nodes.filter((node) => node.role !== "api").length;
      this.#nodes = { working: Math.max(1, working), counted_at: now };
    }
    return this.#nodes.working;
  }

  #lookLater(): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#opened ? this.#parts.clock.after(LOOK_EVERY_MS, () => this.wake()) : null;
  }
}
