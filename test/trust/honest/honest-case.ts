import type { Job } from "./job.ts";

/** A job in which everything is as it should be. */
export type HonestCase = {
  readonly kind: string;
  readonly name: string;
  readonly job: Job;
  /** True words that must reach whoever receives the result; null when there are none to watch. */
  readonly sentence: string | null;
};

type Told = Pick<HonestCase, "name" | "job"> & Partial<Pick<HonestCase, "sentence">>;

export function honestCases(kind: string, told: readonly Told[]): readonly HonestCase[] {
  return told.map((one) => ({ kind, sentence: null, ...one }));
}
