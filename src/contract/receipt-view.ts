import { z } from "@hono/zod-openapi";

import { Receipt } from "../core/receipt.ts";
import type { ReceiptState } from "../core/workflow/state.ts";
import { PageQuery } from "./paging.ts";

/** What the engine saw when it ran something on a tree of the workflow. */
export const ReceiptView = z
  .object({
    id: z.string().describe("Such as `r3`; findings, criteria and citations name it."),
    cycle: z.int(),
    ...Receipt.shape,
    name: Receipt.shape.name.describe("What was run, for people."),
    criterion: Receipt.shape.criterion.describe(
      "The acceptance criterion that it decides; null for a stage of a toolchain.",
    ),
    status: Receipt.shape.status.describe(
      "unavailable: it could not be run, which is no fault of the work; `message` says what is missing.",
    ),
    output_tail: Receipt.shape.output_tail.describe("The end of what it printed."),
    message: Receipt.shape.message.describe(
      "Why it did not pass, or what to install when it could not be run; null when it passed.",
    ),
    blocks: Receipt.shape.blocks.describe("Whether its failure keeps the work from being done."),
    sandbox: Receipt.shape.sandbox.describe(
      "How it was confined: bubblewrap, seatbelt, unsafe, or none for checks that run no code of the tree.",
    ),
    tree_hash: Receipt.shape.tree_hash.describe("The tree that it ran on."),
  })
  .openapi("Receipt");
export type ReceiptView = z.infer<typeof ReceiptView>;

export const ReceiptsQuery = PageQuery.extend({
  cycle: z.coerce
    .number({ error: "a repair cycle, 0 or more" })
    .int()
    .min(0)
    .optional()
    .describe("Only those of this repair cycle; 0 is the first pass."),
  criterion: z.string().optional().describe("Only those that decide this acceptance criterion."),
});

export function toReceiptView({ ordinal: _ordinal, ...receipt }: ReceiptState): ReceiptView {
  return receipt;
}
