import { z } from "zod";

export const STAGES = ["prepare", "build", "test", "lint", "check"] as const;
export const Stage = z.enum(STAGES);
export type Stage = z.infer<typeof Stage>;

/**
 * `unavailable` says that it could not be run: no sandbox, no compiler. That is never a fault of the work.
 */
export const RECEIPT_STATUSES = ["passed", "failed", "timed_out", "unavailable"] as const;
export const ReceiptStatus = z.enum(RECEIPT_STATUSES);
export type ReceiptStatus = z.infer<typeof ReceiptStatus>;

/** What the engine saw when it ran something on a tree. */
export const Receipt = z.object({
  /** What was run, for people: `AC1`, `node: test`. */
  name: z.string(),
  stage: Stage,
  /** The acceptance criterion that it decides, null for a stage of a toolchain. */
  criterion: z.string().nullable(),
  toolchain: z.string().nullable(),
  command: z.string().nullable(),
  status: ReceiptStatus,
  exit_code: z.int().nullable(),
  duration_ms: z.int().nonnegative(),
  /** The end of what it printed, whole characters, without control codes. */
  output_tail: z.string(),
  /** Why it did not pass, or what to install when it could not run; null when it passed. */
  message: z.string().nullable(),
  /** What it would have needed and did not have; null when it ran. */
  missing: z.enum(["sandbox", "program", "network"]).nullable(),
  /** Whether its failure keeps the work from being done. */
  blocks: z.boolean(),
  /** How it was confined: `bubblewrap`, `seatbelt`, `unsafe`, or `none` for checks that run no code of the tree. */
  sandbox: z.string(),
  tree_hash: z.string(),
});
export type Receipt = z.infer<typeof Receipt>;
