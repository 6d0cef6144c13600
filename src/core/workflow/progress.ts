import { z } from "zod";

/** A tree that was judged, as good as it was: fewer open musts first, then fewer blocking findings. */
export const JudgedTree = z.object({
  cycle: z.number().int(),
  tree_hash: z.string(),
  artifacts: z.number().int(),
  open_musts: z.number().int(),
  blocking: z.number().int(),
});
export type JudgedTree = z.infer<typeof JudgedTree>;

/** Where the repair stands; trees and findings of earlier cycles are kept as long as they are needed to see a circle. */
export const Progress = z.object({
  best: JudgedTree.nullable(),
  trees: z.array(z.string()),
  open: z.array(z.string()),
  stagnant: z.number().int(),
});
export type Progress = z.infer<typeof Progress>;

export const NO_PROGRESS: Progress = { best: null, trees: [], open: [], stagnant: 0 };

/**
 * What is known of the result, apart from how the workflow stands: `verified` every must is met and seen to be; `waived`
 * a person does without some; `unverified` it could not be run; `rejected` something is missing.
 */
export const VERDICTS_OF_WORK = ["verified", "waived", "unverified", "rejected"] as const;
export const WorkVerdict = z.enum(VERDICTS_OF_WORK);
export type WorkVerdict = z.infer<typeof WorkVerdict>;
