import { z } from "@hono/zod-openapi";

import { Mode, RoleName } from "../core/role-name.ts";
import { OUTCOMES } from "../core/tool-semantics.ts";
import { Budget, BudgetChange, Gate } from "../core/workflow-config.ts";

const LARGEST_TITLE = 200;

export const maxQaRetries = z
  .int()
  .min(0)
  .max(20)
  .nullish()
  .describe("Repair cycles before the workflow fails; null takes the configured number.");
const provider = z.string().min(1).max(64).nullish().describe("Pins a configured provider for every role.");
const model = z.string().min(1).max(256).nullish().describe("Pins a model for every role.");

const budget = Budget.nullish().describe(
  "What the workflow may spend before it waits for a person; null takes the configured budget.",
);

const budgetChange = BudgetChange.nullish().describe("What is absent stays as it is; null removes a limit.");

const outcome = z
  .enum(OUTCOMES)
  .nullish()
  .describe("Answers the gate `outcome`: the outside effect has happened, or is to be done again.");

const workspace = z
  .strictObject({
    repo: z
      .string()
      .min(1)
      .max(2_048)
      .describe("An absolute path on the server or an https URL; the configuration says which are allowed."),
    ref: z.string().min(1).max(255).nullish().describe("Branch, tag or commit; null is its HEAD."),
    path: z.string().min(1).max(512).nullish().describe("A directory in it; null is all of it."),
  })
  .nullish()
  .describe("An existing repository to start from; null starts with nothing.");

const gates = z
  .array(Gate)
  .max(2)
  .nullish()
  .describe(
    "Where a person has to approve: plan (before anything is written), delivery (before it is handed over); null takes the configured ones.",
  );

const tools = z
  .partialRecord(RoleName, z.array(z.string().min(1).max(256)).max(128))
  .nullish()
  .describe("Tools by role, in the place of the configured ones; roles that are not named keep theirs.");

const Json = z.json().openapi("Json");

export const CreateWorkflowBody = z
  .strictObject({
    request: z
      .string()
      .refine((text) => text.trim() !== "", "say what you want; the request is empty")
      .describe("What is wanted, in plain language."),
    title: z
      .string()
      .trim()
      .min(1)
      .max(LARGEST_TITLE)
      .nullish()
      .describe("Null lets the Director choose one."),
    mode: Mode.nullish().describe("Null lets the Director choose one."),
    provider,
    model,
    max_qa_retries: maxQaRetries,
    budget,
    delivery: z
      .strictObject({
        action: z.string().min(1).max(64),
        config: z.record(z.string(), Json).default({}),
      })
      .nullish()
      .describe(
        "How the result is handed over; null keeps it here as api-response, unless the Director chooses.",
      ),
    workspace,
    gates,
    tools,
  })
  .openapi("CreateWorkflow");
export type CreateWorkflowBody = z.infer<typeof CreateWorkflowBody>;

export const ResumeWorkflowBody = z
  .strictObject({ max_qa_retries: maxQaRetries, budget: budgetChange, outcome, provider, model })
  .openapi("ResumeWorkflow");
export type ResumeWorkflowBody = z.infer<typeof ResumeWorkflowBody>;
/** As a client writes it: what is left out keeps its value. */
export type ResumeWorkflowInput = z.input<typeof ResumeWorkflowBody>;

/** The body of a POST that takes none: absent or `{}`. */
export const NoFields = z.strictObject({}).openapi("NoFields");
