import { z } from "@hono/zod-openapi";

import { Check } from "../core/check.ts";
import { Citation } from "../core/citation.ts";
import {
  ArtifactKind,
  Constitution,
  CRITERION_LEVELS,
  Design,
  Finalization,
  Plan,
  Requirements,
  SEVERITIES,
  SUGGESTION_TARGETS,
  VERDICTS,
} from "../core/documents.ts";
import { RoleName } from "../core/role-name.ts";
import { DirectorOutput, RefinerOutput } from "../core/role-output.ts";
import { Budget, Gate } from "../core/workflow-config.ts";
import { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import {
  EVIDENCE_CLASSES,
  RAISED_BY,
  StepKind,
  TASK_STATUSES,
  WorkspaceRequest,
} from "../core/workflow/state.ts";
import { ApprovalView } from "./approval-view.ts";
import { DeliveryView } from "./delivery-view.ts";
import { PendingFields, SpendFields } from "./spend-view.ts";
import { WorkflowSummary } from "./workflow-summary.ts";

export const ArtifactView = z
  .object({
    id: z.string(),
    path: z.string(),
    revision: z.int().describe("Counts from 1 for each path."),
    kind: ArtifactKind,
    description: z.string(),
    hash: z.string().describe("SHA-256 of the content, in lower-case hex."),
    size: z.int().describe("Bytes."),
    task_id: z.string(),
    cycle: z.int(),
    deleted: z.boolean().describe("A revision that takes the path away; it has no content."),
    created_at: z.string(),
    content_url: z.string().describe("Where the content is, on this server."),
  })
  .openapi("Artifact");
export type ArtifactView = z.infer<typeof ArtifactView>;

export const FindingView = z
  .object({
    id: z.string(),
    severity: z.enum(SEVERITIES),
    component: z.string(),
    description: z.string(),
    recommendation: z.string(),
    evidence: z.string(),
    evidence_class: z
      .enum(EVIDENCE_CLASSES)
      .describe(
        "reproduced: the engine saw it. cited: it stands where QA says. opinion: neither; it blocks nothing.",
      ),
    citations: z.array(z.object(Citation.shape)).describe("Where it can be seen."),
    receipt: z.string().nullable().describe("The receipt that shows it."),
    criterion: z.string().nullable(),
    fingerprint: z.string().describe("The same for the same complaint in any words; empty in old workflows."),
    status: z.enum(["open", "resolved", "waived"]),
    raised_by: z
      .enum(RAISED_BY)
      .describe("engine: something is missing around the work. person: asked for at a gate."),
    raised_in_cycle: z.int(),
    resolved_in_cycle: z.int().nullable(),
    resolution: z.string().nullable(),
  })
  .openapi("Finding");
export type FindingView = z.infer<typeof FindingView>;

const TaskView = z
  .object({
    id: z.string().describe("The Architect's key."),
    title: z.string(),
    description: z.string(),
    status: z.enum(TASK_STATUSES),
    depends_on: z.array(z.string()),
    criteria: z.array(z.string()),
    writes: z.array(z.string()).describe("Files, or directories ending in /; empty says nothing."),
    cycle: z.int(),
    attempt: z.int(),
    summary: z.string().nullable(),
    created_at: z.string(),
    completed_at: z.string().nullable(),
  })
  .openapi("Task");

const SpendView = z.object({
  ...SpendFields,
  by_role: z.array(z.object({ role: RoleName, ...SpendFields })),
  pending: z
    .object(PendingFields)
    .describe("Calls whose end is not known, in flight or lost, at their worst case. In no other sum."),
});

const BudgetView = Budget.extend({
  left: z
    .object({
      cost_usd: z.number().nullable(),
      tokens: z.int().nullable(),
      duration_s: z.number().nullable(),
      model_calls: z.int().nullable(),
    })
    .describe("Less what calls in flight or lost may take; null where there is no limit."),
});

const OpenStepView = z.object({
  id: z.string(),
  kind: StepKind,
  role: RoleName.nullable(),
  task_id: z.string().nullable(),
  attempt: z.int(),
});
export type OpenStepView = z.infer<typeof OpenStepView>;

const ExecutionView = z.object({
  cycle: z.int().describe("Repair cycle; 0 is the first pass."),
  max_qa_retries: z.int(),
  current_role: RoleName.nullable(),
  running_steps: z.array(OpenStepView),
  queued_steps: z
    .array(
      OpenStepView.extend({
        available_at: z.string().nullable().describe("When it starts again; null: once the workflow runs."),
      }),
    )
    .describe("Steps whose attempt failed and that will be tried again; `attempt` is the last one."),
  active_tasks: z.array(z.string()),
  steps_completed: z.int(),
});

const CriterionView = z
  .object({
    id: z.string(),
    level: z.enum(CRITERION_LEVELS).nullable(),
    text: z.string(),
    check: Check.nullable().describe(
      "What decides it; null for one that the contract does not have any more.",
    ),
    verdict: z.enum(VERDICTS).nullable().describe("Null until it is judged."),
    evidence: z.string(),
    citations: z.array(z.object(Citation.shape)),
    decided_by: z.enum(["check", "qa"]).nullable().describe("check: its own check, or QA's judgement."),
    receipt: z.string().nullable().describe("The receipt that decides it."),
    cycle: z.int().nullable().describe("When it was judged last."),
    waived: z.string().nullable().describe("Why a person does without it; null when nobody does."),
  })
  .openapi("Criterion");

const ProgressView = z.object({
  best: z
    .object({
      cycle: z.int(),
      tree_hash: z.string(),
      open_musts: z.int(),
      blocking: z.int().describe("Blocking findings that are open in it."),
      files_url: z.string().describe("Where its files are, on this server; also of a failed workflow."),
    })
    .nullable()
    .describe("The tree with the least missing of those that QA has judged."),
  stagnant: z.int().describe("Repair cycles in a row without progress."),
  stall_patience: z.int().describe("How many of those end the workflow as stalled."),
});

const ImportView = z.object({
  repo: z.string(),
  commit: z.string(),
  files: z.int(),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
});

/** A workflow with everything that its roles wrote; contents of artifacts stay behind `content_url`. */
export const WorkflowView = WorkflowSummary.extend({
  request: z.string(),
  provider: z.string().nullable().describe("Pinned by the caller, else null."),
  model: z.string().nullable().describe("Pinned by the caller, else null."),
  requested_delivery: DeliveryRequest.extend({ config: z.record(z.string(), z.unknown()) }).nullable(),
  goals: z.array(z.string()),
  brief: z.object(DirectorOutput.shape).nullable().describe("By the Director."),
  constitution: z.object(Constitution.shape).nullable().describe("By the Project Manager."),
  requirements: z.object(Requirements.shape).nullable().describe("By the Project Manager."),
  plan: z.object(Plan.shape).nullable().describe("By the Project Manager."),
  design: z.object(Design.shape).nullable().describe("By the Architect."),
  finalization: z.object(Finalization.shape).nullable().describe("By the Finalizer."),
  assessment: RefinerOutput.omit({ suggestions: true }).nullable().describe("By the Refiner."),
  summaries: z.partialRecord(RoleName, z.string()).describe("Text by role."),
  tasks: z.array(TaskView),
  artifacts: z.array(ArtifactView).describe("The newest revision of every path."),
  findings: z.array(FindingView),
  criteria: z.array(CriterionView).describe("Every acceptance criterion, judged or not."),
  suggestions: z.array(
    z.object({
      id: z.string(),
      component_type: z.enum(SUGGESTION_TARGETS),
      component_name: z.string(),
      problem: z.string(),
      proposed_fix: z.string(),
      content: z.string().nullable(),
      priority: z.enum(["high", "medium", "low"]),
    }),
  ),
  delivery: DeliveryView.nullable().describe("The newest delivery; null before the first."),
  deliveries: z.array(DeliveryView).describe("All of them, oldest first."),
  spend: SpendView,
  budget: BudgetView.describe("What the workflow may spend before it waits for a person; null is no limit."),
  execution: ExecutionView,
  progress: ProgressView,
  gates: z.array(Gate).describe("Where it waits for a person's approval."),
  approval: ApprovalView.nullable().describe("The approval that it waits for."),
  workspace: z.object(WorkspaceRequest.shape).nullable().describe("The repository it was to start from."),
  imported: ImportView.nullable().describe("What was taken over from it; null until then."),
  tools: z
    .partialRecord(RoleName, z.array(z.string()))
    .nullable()
    .describe("Tools by role that the caller has chosen."),
}).openapi("Workflow");
export type WorkflowView = z.infer<typeof WorkflowView>;
