import { randomBytes } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Steps one after another, and steps at once behind the last of them. */
export type JobShape = { readonly chained: number; readonly parallel: number };

/** A step by its place in the workflow; `task` counts the steps of the job alone and is null for all others. */
export type JobStep = { readonly ordinal: number; readonly task: number | null };

export type JobOptions = {
  /** How long each step of the job takes. */
  readonly delayMs?: number;
  /** Task in which every workflow stays until `release`. */
  readonly holdAt?: number;
  /** File that gets a line at each start and end, to be read after a kill. */
  readonly log?: string;
};

// 1,440 random bytes are 1,920 characters that can't be compressed: with its number a result of about 2 kB.
const CONTENTS = Array.from({ length: 256 }, () => randomBytes(1440).toString("base64"));
let produced = 0;

/** Within which all that were held end, once released: 10,000 answers a second. */
const ENDING_MS = 100;

/** A text of about 2 kB that no other step has returned. */
export function freshContent(): string {
  produced += 1;
  return `${produced} ${CONTENTS[produced & 255]}`;
}

/** The work that every system is given, and the stopwatch around it. */
export class Job {
  readonly shape: JobShape;
  readonly #options: JobOptions;
  readonly #log: number | null;
  readonly #ends = new Map<string, number>();
  readonly #fanned = new Map<string, number>();
  readonly #firstStarts = new Map<string, number>();
  readonly #completions = new Map<string, number>();
  readonly #released = Promise.withResolvers<void>();
  readonly #watchers: { readonly count: number; readonly resolve: () => void }[] = [];
  #held = 0;
  #performed = 0;
  #gaps: number[] = [];
  #fans: number[] = [];

  constructor(shape: JobShape, options: JobOptions = {}) {
    this.shape = shape;
    this.#options = options;
    this.#log = options.log === undefined ? null : openSync(options.log, "a");
  }

  /** End of a chained step to the start of the next, in milliseconds. */
  get gaps(): readonly number[] {
    return this.#gaps;
  }

  /** End of the last chained step to the start of the last parallel one. */
  get fans(): readonly number[] {
    return this.#fans;
  }

  /** Steps of the job that have ended. */
  get performed(): number {
    return this.#performed;
  }

  async perform<T>(workflow: string, step: JobStep, produce: () => T): Promise<T> {
    this.#begun(workflow, step);
    const { delayMs = 0, holdAt } = this.#options;
    if (delayMs > 0) await setTimeout(delayMs);
    if (step.task !== null && step.task === holdAt) await this.#hold();
    const product = produce();
    this.#ended(workflow, step);
    return product;
  }

  /** The submitter has heard that the workflow is completed. */
  completed(workflow: string): void {
    this.#completions.set(workflow, performance.now());
  }

  /** When the first step began and the completion was heard; forgets the workflow. */
  take(workflow: string): { firstStart: number | undefined; completed: number | undefined } {
    const times = {
      firstStart: this.#firstStarts.get(workflow),
      completed: this.#completions.get(workflow),
    };
    for (const map of [this.#firstStarts, this.#completions, this.#ends, this.#fanned]) map.delete(workflow);
    return times;
  }

  reset(): void {
    this.#gaps = [];
    this.#fans = [];
  }

  /** Resolves when `count` workflows stand in the held task. */
  async allHeld(count: number): Promise<void> {
    if (this.#held >= count) return;
    await new Promise<void>((resolve) => void this.#watchers.push({ count, resolve }));
  }

  release(): void {
    this.#released.resolve();
  }

  async #hold(): Promise<void> {
    const before = this.#held;
    this.#held += 1;
    for (const { count, resolve } of this.#watchers) if (this.#held >= count) resolve();
    await this.#released.promise;
    // Answers of models come as events of their own, not as one.
    await setTimeout(1 + Math.floor((before * ENDING_MS) / this.#held));
  }

  #begun(workflow: string, { ordinal, task }: JobStep): void {
    const now = performance.now();
    if (ordinal === 0) this.#firstStarts.set(workflow, now);
    if (this.#log !== null) writeSync(this.#log, `S ${workflow} ${ordinal} ${Date.now()}\n`);
    if (task === null || task === 0) return;
    const before = this.#ends.get(workflow);
    if (before === undefined) return;
    if (task < this.shape.chained) {
      this.#gaps.push(now - before);
      return;
    }
    const begun = (this.#fanned.get(workflow) ?? 0) + 1;
    this.#fanned.set(workflow, begun);
    if (begun === this.shape.parallel) this.#fans.push(now - before);
  }

  #ended(workflow: string, { ordinal, task }: JobStep): void {
    this.#performed += 1;
    if (this.#log !== null) writeSync(this.#log, `E ${workflow} ${ordinal} ${Date.now()}\n`);
    if (task !== null && task < this.shape.chained) this.#ends.set(workflow, performance.now());
  }
}
