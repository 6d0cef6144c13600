import { z } from "zod";

/** The settings a workflow runs under. They are resolved for its scope when it is created and pinned by hash. */
export const WorkflowConfig = z.strictObject({
  default_model: z
    .string()
    .regex(/^[^/\s]+\/\S+$/, "write it as provider/model")
    .nullable()
    .default(null)
    .describe("Model for every role unless the Director or the caller chooses another, as provider/model."),
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
