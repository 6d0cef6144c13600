import { z } from "@hono/zod-openapi";

/** What ended model calls took. A cost that is not known in full is null, never a sum of what happens to be known. */
export const SpendFields = {
  model_calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.number().nullable().describe("US dollars; null when the price of any of the calls is unknown."),
  cost_usd_known: z.number().describe("US dollars, of the calls whose price is known."),
  calls_without_price: z.int(),
} as const;

/** Calls that have left and whose end is not known: in flight, or lost with the process that made them. */
export const PendingFields = {
  model_calls: z.int(),
  tokens: z.int().describe("At most."),
  cost_usd: z.number().nullable().describe("US dollars at most; null when the price of any is unknown."),
} as const;
