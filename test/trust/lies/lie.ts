import type { Job } from "../honest/job.ts";

/** A job in which somebody lies. */
export type Lie = {
  readonly kind: string;
  /** What the lie is, unique among all. */
  readonly name: string;
  readonly job: Job;
  /** The same job told honestly, which completes; null where no honest job resembles it. */
  readonly truth: Job | null;
  /** Words that must not reach whoever receives the result. */
  readonly sentence: string | null;
  /** The work is done, and something more is claimed: it completes without the sentence. */
  readonly onDoneWork: boolean;
};

type Told = Pick<Lie, "name" | "job" | "truth"> & Partial<Pick<Lie, "sentence">>;

/** Lies about work that is not done. */
export function liesOf(kind: string, told: readonly Told[]): readonly Lie[] {
  return told.map((one) => ({ kind, sentence: null, onDoneWork: false, ...one }));
}
