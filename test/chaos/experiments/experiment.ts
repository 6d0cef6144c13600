import type { Store } from "../installation.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";

/** One proof that `prove` can run. */
export type Experiment = {
  readonly name: string;
  /** What is proved, in one line. */
  readonly summary: string;
  /** What `size` counts. */
  readonly unit: string;
  /** Where it can run; the first is where it does unless it is told otherwise. */
  readonly stores: readonly Store[];
  /** `small` runs with the tests, `usual` within a minute on two cores, `full` is the size of acceptance. */
  readonly sizes: { readonly small: number; readonly usual: number; readonly full: number };
  /** The full size where a store has another one. */
  readonly fullOn?: Partial<Record<Store, number>>;
  /** Throws a ProvenWrong on the first broken promise. */
  run(options: ExperimentOptions): Promise<Figures>;
};
