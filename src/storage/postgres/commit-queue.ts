import type { ClientBase, Pool } from "pg";

import type { Commit, CommitRefusal, CommitResult } from "../../core/workflow/commit.ts";
import type { WorkflowRef } from "../../ports/cluster.ts";
import type { StorageError } from "../../ports/storage.ts";
import type { CommitTape } from "../commit-tape.ts";
import type { Wake } from "./cluster/boss.ts";
import { type BatchQuery, batchQuery } from "./commit-batch.ts";
import { rollBack } from "./pools.ts";
import { isConnectionFailure } from "./postgres-error.ts";

/** More at once make smaller batches and spend more of the server's CPU on each commit. */
export const MOST_FLIGHTS = 2;
const MOST_COMMITS = 256;
/** Characters of a batch after which no further commit joins it. */
const FULL_AT = 8_000_000;

type Waiting = {
  readonly tape: CommitTape;
  readonly wake: Wake | null;
  readonly workflow: string;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: StorageError) => void;
};

type Verdict = { readonly ord: number; readonly verdict: CommitRefusal | null };

type Options = {
  readonly pool: Pool;
  /** Throws while the server is known to be away. */
  readonly assertReachable: () => void;
  /** Puts jobs into the queue, with the transaction that `client` is in. */
  readonly enqueue: (client: ClientBase, wakes: readonly Wake[]) => Promise<void>;
  /** Hears what a batch has changed, after it stands; `work` when it put jobs into the queue. */
  readonly onCommitted: (
    changes: readonly (WorkflowRef & { readonly version: number })[],
    work: boolean,
  ) => void;
  readonly toStorageError: (error: unknown) => StorageError;
};

const APPLIED: CommitResult = { ok: true };

/** Collects the commits of a loop turn into one statement; a workflow is in one statement and one flight at a time. */
export class CommitQueue {
  readonly #options: Options;
  readonly #busy = new Set<string>();
  #queue: Waiting[] = [];
  #flights = 0;
  #scheduled = false;
  #idle: (() => void) | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  submit(tape: CommitTape, wake: Commit["wake"]): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      const workflow = `${tape[1]} ${tape[0]}`;
      this.#queue.push({ tape, wake: wake && { ...refOf(tape), ...wake }, workflow, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when everything that was submitted has its answer. */
  async drained(): Promise<void> {
    if (this.#queue.length === 0 && this.#flights === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#flights < MOST_FLIGHTS) {
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      this.#flights += 1;
      void this.#fly(batch);
    }
  }

  /** Commits that leave jobs go by themselves: they take four round trips, which the others need not wait for. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    let size = 0;
    for (const waiting of this.#queue) {
      const isFull = batch.length === MOST_COMMITS || size > FULL_AT;
      const isOther = batch[0] !== undefined && (batch[0].wake === null) !== (waiting.wake === null);
      if (isFull || isOther || this.#busy.has(waiting.workflow)) {
        left.push(waiting);
        continue;
      }
      this.#busy.add(waiting.workflow);
      batch.push(waiting);
      for (const value of waiting.tape) if (typeof value === "string") size += value.length;
    }
    this.#queue = left;
    return batch;
  }

  /** Never rejects: every commit of the batch gets its own answer. */
  async #fly(batch: readonly Waiting[]): Promise<void> {
    await this.#apply(batch);
    for (const { workflow } of batch) this.#busy.delete(workflow);
    this.#flights -= 1;
    if (this.#queue.length > 0) this.#schedule();
    else if (this.#flights === 0) this.#idle?.();
  }

  async #apply(batch: readonly Waiting[]): Promise<void> {
    let verdicts: readonly Verdict[];
    try {
      this.#options.assertReachable();
      const query = batchQuery(batch.map(({ tape }) => tape));
      verdicts = batch.some(({ wake }) => wake !== null)
        ? await this.#applyAndEnqueue(batch, query)
        : (await this.#options.pool.query<Verdict>(query)).rows;
    } catch (error) {
      await this.#afterFailure(batch, error);
      return;
    }
    for (const { ord, verdict } of verdicts) {
      batch[ord]?.resolve(verdict === null ? APPLIED : { ok: false, code: verdict });
    }
    const applied = appliedOf(batch, verdicts);
    this.#options.onCommitted(
      applied.map(({ tape }) => ({ ...refOf(tape), version: Number(tape[3]) })),
      applied.some(({ wake }) => wake !== null && wake.at === null && !wake.here),
    );
  }

  /** The jobs of the commits that were applied stand or fall with them. */
  async #applyAndEnqueue(batch: readonly Waiting[], query: BatchQuery): Promise<readonly Verdict[]> {
    const client = await this.#options.pool.connect();
    try {
      await client.query("begin");
      const { rows } = await client.query<Verdict>(query);
      const wakes = appliedOf(batch, rows).flatMap(({ wake }) => wake ?? []);
      await this.#options.enqueue(client, wakes);
      await client.query("commit");
      client.release();
      return rows;
    } catch (error) {
      await rollBack(client);
      throw error;
    }
  }

  /** A commit that the server can't take must not spoil the others: they are tried one by one. */
  async #afterFailure(batch: readonly Waiting[], error: unknown): Promise<void> {
    const failure = this.#options.toStorageError(error);
    if (batch.length === 1 || isConnectionFailure(error)) {
      for (const { reject } of batch) reject(failure);
      return;
    }
    for (const waiting of batch) await this.#apply([waiting]);
  }
}

function refOf(tape: CommitTape): WorkflowRef {
  return { tenant_id: String(tape[0]), workflow_id: String(tape[1]) };
}

function appliedOf(batch: readonly Waiting[], verdicts: readonly Verdict[]): readonly Waiting[] {
  return verdicts.flatMap(({ ord, verdict }) => (verdict === null ? (batch[ord] ?? []) : []));
}
