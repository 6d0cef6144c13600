import { z } from "zod";

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
