import { z } from "@hono/zod-openapi";

import { RoleName } from "../core/role-name.ts";
import { USAGE_DIMENSIONS } from "../core/usage-dimension.ts";
import { LARGEST_PAGE, PageQuery } from "./paging.ts";
import { PendingFields, SpendFields } from "./spend-view.ts";

const day = z.iso.date({ error: "a day such as 2026-11-23" });

export const UsageQuery = PageQuery.extend({
  limit: z.coerce
    .number({ error: "a whole number from 1 to 1000" })
    .int()
    .min(1)
    .max(LARGEST_PAGE)
    .default(LARGEST_PAGE)
    .describe("Groups in the answer at most."),
  from: day.optional().describe("First day, in UTC; 29 days before `to` when absent, at most 365 before it."),
  to: day.optional().describe("Last day, in UTC; today when absent."),
  group_by: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(",")))
    .pipe(z.array(z.enum(USAGE_DIMENSIONS)))
    .optional()
    .openapi({
      type: "array",
      items: { type: "string", enum: [...USAGE_DIMENSIONS] },
      description: "What to group by; repeat it or separate by commas. `day` when absent.",
    }),
  scope_id: z.string().optional().describe("Only workflows of this scope."),
  workflow_id: z.string().optional().describe("Only this workflow."),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

const Sums = {
  ...SpendFields,
  failed_calls: z.int().describe("Of the model calls, those without a usable answer."),
  cached_input_tokens: z.int().describe("Of the input tokens, those from the provider's cache."),
  calls_in_doubt: PendingFields.model_calls.describe(
    "Calls that have left and whose end is not known: in flight, or lost with their process. In no other sum.",
  ),
  in_doubt_tokens: PendingFields.tokens,
  in_doubt_cost_usd: PendingFields.cost_usd,
} as const;

export const UsageRowView = z
  .object({
    day: z.string().nullable().describe("In UTC. This and the next four are null unless grouped by."),
    scope_id: z.string().nullable().describe("Null also for the tenant's root."),
    role: RoleName.nullable(),
    model: z.string().nullable().describe("As provider/model, by the name that was asked for."),
    workflow_id: z.string().nullable(),
    ...Sums,
  })
  .openapi("UsageRow");
export type UsageRowView = z.infer<typeof UsageRowView>;

export const SharedBudgetView = z
  .object({
    of: z.enum(["tenant", "scope"]),
    scope_id: z.string().nullable(),
    per: z.enum(["day", "month"]),
    period: z.string().describe("The day or month that runs now, in UTC."),
    resets_at: z.string(),
    max_cost_usd: z.number().nullable(),
    max_tokens: z.int().nullable(),
    max_model_calls: z.int().nullable(),
    used: z
      .object({ cost_usd: z.number(), tokens: z.int(), model_calls: z.int() })
      .describe("Used or set aside for calls in flight; calls without a known price cost nothing here."),
  })
  .openapi("SharedBudget");
export type SharedBudgetView = z.infer<typeof SharedBudgetView>;

export const UsageView = z
  .object({
    from: z.string(),
    to: z.string(),
    group_by: z.array(z.enum(USAGE_DIMENSIONS)),
    data: z.array(UsageRowView),
    next_cursor: z
      .string()
      .nullable()
      .describe("Give it as `cursor` for the next page; null on the last one."),
    totals: z.object(Sums).describe("Over all groups, not only those of this page."),
    budgets: z
      .array(SharedBudgetView)
      .describe("The tenant's budgets with a limit, and those of the scope that is asked for or worked in."),
  })
  .openapi("Usage");
export type UsageView = z.infer<typeof UsageView>;
