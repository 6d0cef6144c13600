import type { Pool } from "pg";

import type { CommitRefusal, CommitResult } from "../../core/workflow/commit.ts";
import type { StorageError } from "../../ports/storage.ts";
import type { CommitTape } from "../commit-tape.ts";
import { batchQuery } from "./commit-batch.ts";
import { isConnectionFailure } from "./postgres-error.ts";

/** More at once make smaller batches and spend more of the server's CPU on each commit. */
export const MOST_FLIGHTS = 2;
const MOST_COMMITS = 256;
/** Characters of a batch after which no further commit joins it. */
const FULL_AT = 8_000_000;

type Waiting = {
  readonly tape: CommitTape;
  readonly workflow: string;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: StorageError) => void;
};

type Options = {
  readonly pool: Pool;
  /** Throws when this process may no longer write. */
  readonly assertOwner: () => void;
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

  submit(tape: CommitTape): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ tape, workflow: `${tape[1]} ${tape[0]}`, resolve, reject });
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

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    let size = 0;
    for (const waiting of this.#queue) {
      if (batch.length === MOST_COMMITS || size > FULL_AT || this.#busy.has(waiting.workflow)) {
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
    try {
      this.#options.assertOwner();
      const query = batchQuery(batch.map(({ tape }) => tape));
      const { rows } = await this.#options.pool.query<{ ord: number; verdict: CommitRefusal | null }>(query);
      for (const { ord, verdict } of rows) {
        batch[ord]?.resolve(verdict === null ? APPLIED : { ok: false, code: verdict });
      }
    } catch (error) {
      await this.#afterFailure(batch, error);
    }
  }

  /** A commit that the server can't take must not spoil the others: they are tried one by one. */
  async #afterFailure(batch: readonly Waiting[], error: unknown): Promise<void> {
    const failure = this.#options.toStorageError(error);
    if (batch.length === 1 || isConnectionFailure(error) || failure.code === "storage_locked") {
      for (const { reject } of batch) reject(failure);
      return;
    }
    for (const waiting of batch) await this.#apply([waiting]);
  }
}
