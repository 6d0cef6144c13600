import { z } from "zod";

import { RoleName } from "./role-name.ts";

/** Points where a person must approve; other gates open by themselves. */
export const GATES = ["plan", "delivery"] as const;
export const Gate = z.enum(GATES);
export type Gate = z.infer<typeof Gate>;

const Limit = z.int().min(1).nullable().default(null);

/** What may be spent; null is without limit. Model calls count at their worst case until they have ended. */
export const Budget = z.strictObject({
  max_cost_usd: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("US dollars; calls without a known price are not counted."),
  max_tokens: Limit.describe("Input and output tokens together."),
  max_duration_s: Limit.describe("Seconds of running time; waiting does not count."),
  max_model_calls: Limit.describe("Requests to models."),
});
export type Budget = z.infer<typeof Budget>;

/** A change of a budget: a limit that is absent stays as it is, null removes it. */
export const BudgetChange = z.strictObject({
  max_cost_usd: z.number().positive().nullable().optional(),
  max_tokens: z.int().min(1).nullable().optional(),
  max_duration_s: z.int().min(1).nullable().optional(),
  max_model_calls: z.int().min(1).nullable().optional(),
});
export type BudgetChange = z.infer<typeof BudgetChange>;

export const NO_BUDGET: Budget = {
  max_cost_usd: null,
  max_tokens: null,
  max_duration_s: null,
  max_model_calls: null,
};

const ModelReference = z.string().regex(/^[^/\s]+\/\S+$/, "write it as provider/model");

/** The settings a workflow runs under. They are resolved for its scope when it is created and pinned by hash. */
export const WorkflowConfig = z.strictObject({
  default_model: ModelReference.nullable()
    .default(null)
    .describe("Model for every role unless the Director or the caller chooses another, as provider/model."),
  fallback_models: z
    .array(ModelReference)
    .max(8)
    .default([])
    .describe(
      "Models that act in this order when the chosen one can't, as provider/model. Never used in the place of a pinned model.",
    ),
  max_qa_retries: z
    .int()
    .min(0)
    .max(20)
    .default(2)
    .describe("Repair cycles before a workflow with blocking findings fails."),
  max_concurrent_tasks: z
    .int()
    .min(1)
    .max(256)
    .default(4)
    .describe("Tasks of one workflow that run at the same time."),
  model_timeout_s: z.int().min(1).max(3600).default(300).describe("Seconds one model call may take."),
  max_output_tokens: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe(
      "Longest answer of a model in tokens; null leaves it to the provider, and budgets reckon with 16384.",
    ),
  stall_patience: z
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe("Repair cycles in a row without progress after which a workflow fails as stalled."),
  gates: z
    .array(Gate)
    .default([])
    .describe(
      "Where a person has to approve: plan (before anything is written), delivery (before it is handed over).",
    ),
  delivery_actions: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe("Delivery actions that may be asked for and chosen here; null is all."),
  outward_delivery: z
    .enum(["ask", "allow"])
    .default("ask")
    .describe(
      "Deliveries that leave the installation (git-push, github-pr, webhook, email and the like). ask: a person approves each before it is made. allow: the request is enough.",
    ),
  approval_expires_s: z
    .int()
    .min(60)
    .nullable()
    .default(null)
    .describe("Seconds after which an approval can't be given any more; null is never."),
  tools: z
    .partialRecord(RoleName, z.array(z.string()))
    .default({})
    .describe(
      "Tools that each role is given; a role that is not named gets the usual ones. MCP tools are named mcp__<server>__<tool>.",
    ),
  max_tool_rounds: z
    .int()
    .min(0)
    .max(200)
    .default(24)
    .describe("How often a role may call tools before it must answer; 0 gives no tools."),
  command_timeout_s: z
    .int()
    .min(1)
    .max(3600)
    .default(120)
    .describe("Seconds that one command in the sandbox may take."),
  budget: Budget.prefault({}).describe("What one workflow may spend before it waits for a person."),
  max_reasks: z
    .int()
    .min(0)
    .max(2)
    .default(2)
    .describe(
      "How often a model is asked again when its answer breaks the schema or the contract of its role.",
    ),
});
export type WorkflowConfig = z.infer<typeof WorkflowConfig>;
