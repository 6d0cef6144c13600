import { freshContent, type Job } from "../job.ts";
import type { System } from "../system.ts";

/** One durable write of a raw row: two event rows and the state row for a step, one event row at either end. */
export type RawWrite =
  | { readonly kind: "create"; readonly workflow: string }
  | {
      readonly kind: "step";
      readonly workflow: string;
      readonly seq: number;
      readonly step: number;
      readonly result: string;
    }
  | { readonly kind: "finish"; readonly workflow: string; readonly seq: number; readonly step: number };

/** What is stored of a workflow; `done` are the numbers of its finished steps. */
export type RawState = {
  readonly seq: number;
  readonly finished: boolean;
  readonly done: ReadonlySet<number>;
};

export type RawStore = {
  readonly write: (write: RawWrite) => Promise<void>;
  readonly load: (workflow: string) => Promise<RawState | null>;
  readonly close: () => Promise<void>;
};

/** The least that is durable: the store's limit, which an engine with the same promise can't beat. */
export function rawSystem(store: RawStore, job: Job): System {
  const { chained, parallel } = job.shape;
  const total = chained + parallel;
  const advance = async (workflow: string, before: RawState | null): Promise<void> => {
    if (before?.finished) return;
    let seq = before?.seq ?? 1;
    const step = async (index: number): Promise<void> => {
      if (before?.done.has(index)) return;
      const result = await job.perform(workflow, { ordinal: index, task: index }, () =>
        JSON.stringify({ workflow, step: index, text: freshContent() }),
      );
      const place = seq + 1;
      seq += 2;
      await store.write({ kind: "step", workflow, seq: place, step: index, result });
    };
    if (before === null) await store.write({ kind: "create", workflow });
    for (let index = 0; index < chained; index += 1) await step(index);
    await Promise.all(Array.from({ length: parallel }, (_, index) => step(chained + index)));
    await store.write({ kind: "finish", workflow, seq: seq + 1, step: total });
    job.completed(workflow);
  };
  return {
    stepsPerWorkflow: total,
    run: (workflow) => advance(workflow, null),
    resume: (workflows) => {
      const over = Promise.all(
        workflows.map(async (workflow) => advance(workflow, await store.load(workflow))),
      );
      return Promise.resolve({ over });
    },
    close: () => store.close(),
  };
}
