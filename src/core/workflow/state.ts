import { z } from "zod";

import { pathKey } from "../artifact-path.ts";
import type {
  ArtifactKind,
  Constitution,
  CriterionVerdict,
  Design,
  Finalization,
  Plan,
  ReportedFinding,
  Requirements,
  SuggestedImprovement,
} from "../documents.ts";
import type { PersistentMap } from "../persistent-map.ts";
import type { Receipt } from "../receipt.ts";
import { Mode, RoleName } from "../role-name.ts";
import type { RoleOutputs } from "../role-output.ts";
import { OUTCOMES } from "../tool-semantics.ts";
import { Budget, Gate } from "../workflow-config.ts";
import { DeliveryRequest, type DeliveryState } from "./delivery-state.ts";
import type { Directories } from "./directories.ts";
import { Progress, WorkVerdict } from "./progress.ts";

export const WORKFLOW_STATUSES = [
  "pending",
  "running",
  "awaiting_approval",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export const WorkflowStatus = z.enum(WORKFLOW_STATUSES);
export type WorkflowStatus = z.infer<typeof WorkflowStatus>;

export const StepKind = z.enum(["workspace", "role", "task", "validation", "delivery"]);
export type StepKind = z.infer<typeof StepKind>;

/** What may run: the identity of a step is derived from state, so that asking twice names it the same. */
export const StepSpec = z.object({
  id: z.string(),
  kind: StepKind,
  role: RoleName.nullable(),
  task_id: z.string().nullable(),
  cycle: z.number().int(),
});
export type StepSpec = z.infer<typeof StepSpec>;

/** A model call that has left, at its worst case; `reserved_cost_usd` is null when the price is unknown. */
export const PendingCall = z.object({
  ordinal: z.number().int(),
  reserved_cost_usd: z.number().nullable(),
  reserved_tokens: z.number().int(),
});
export type PendingCall = z.infer<typeof PendingCall>;

/** A step that was started and is not finished: running, or queued again after a failed attempt. */
export const OpenStep = StepSpec.extend({
  status: z.enum(["queued", "running"]),
  attempt: z.number().int(),
  failures: z.number().int(),
  /** Failed attempts in all, whatever their code. */
  failed_attempts: z.number().int(),
  /** Code of the latest failed attempt, null before the first. */
  last_failure: z.string().nullable(),
  /** Answers up to this attempt broke the contract to the end: they are not served again. */
  spoiled_attempt: z.number().int(),
  owner: z.string().nullable(),
  started_at: z.string().nullable(),
  lease_until: z.string().nullable(),
  available_at: z.string().nullable(),
  /** The model call in flight. */
  call: PendingCall.nullable(),
  /** What a person has found out about the outside effect in doubt. */
  outcome: z.enum(OUTCOMES).nullable(),
  /** How many artifacts it builds on: those of later tasks are not there for it, in any attempt. */
  base: z.number().int(),
});
export type OpenStep = z.infer<typeof OpenStep>;

/** The one mechanism of waiting; `until` is null when only a person or an outside change ends it. */
export const Waiting = z.object({
  kind: z.enum(["paused", "gate"]),
  reason: z.string(),
  message: z.string(),
  until: z.string().nullable(),
});
export type Waiting = z.infer<typeof Waiting>;

export const WorkflowError = z.object({
  code: z.string(),
  message: z.string(),
  step_id: z.string().nullable(),
});
export type WorkflowError = z.infer<typeof WorkflowError>;

export const Spend = z.object({
  model_calls: z.number().int(),
  input_tokens: z.number().int(),
  output_tokens: z.number().int(),
  /** US dollars, of the calls with a known price. */
  cost_usd: z.number(),
  unpriced_calls: z.number().int(),
});
export type Spend = z.infer<typeof Spend>;

/** A model call whose end nobody heard, because its attempt ended before it. */
export const CallInDoubt = PendingCall.extend({
  step_id: z.string(),
  attempt: z.number().int(),
  role: RoleName,
  task_id: z.string().nullable(),
});
export type CallInDoubt = z.infer<typeof CallInDoubt>;

/** A model chosen by the caller; a null part is free. */
export const PinnedModel = z.object({ provider: z.string().nullable(), model: z.string().nullable() });
export type PinnedModel = z.infer<typeof PinnedModel>;

/** An existing repository to start from; see `RepositoryRequest` of the workspace port. */
export const WorkspaceRequest = z.object({
  repo: z.string(),
  ref: z.string().nullable(),
  path: z.string().nullable(),
});
export type WorkspaceRequest = z.infer<typeof WorkspaceRequest>;

/**
 * The part of the state that is rewritten with every commit; its size does not grow with the workflow's history,
 * only with what is open.
 */
export const WorkflowHead = z.object({
  id: z.string(),
  tenant_id: z.string(),
  scope_id: z.string().nullable(),
  parent_id: z.string().nullable(),
  status: WorkflowStatus,
  version: z.number().int(),
  title: z.string(),
  mode: Mode.nullable(),
  cycle: z.number().int(),
  max_qa_retries: z.number().int(),
  waiting: Waiting.nullable(),
  error: WorkflowError.nullable(),
  done_steps: z.array(z.string()),
  open_steps: z.array(OpenStep),
  unfinished_tasks: z.number().int(),
  steps_completed: z.number().int(),
  closings: z.number().int(),
  closed: z.boolean(),
  tree_hash: z.string().nullable(),
  spend: z.array(Spend.extend({ role: RoleName })),
  in_doubt: z.array(CallInDoubt),
  /** Milliseconds of running time before `running_since`. */
  worked_ms: z.number().int(),
  /** Null while the workflow does not run. */
  running_since: z.string().nullable(),
  progress: Progress,
  /** Null until QA has judged, and again once a repair has begun. */
  verdict: WorkVerdict.nullable(),
  /** How often the plan and the ending were given up on a person's word; later ones are steps of their own. */
  later_plans: z.number().int(),
  later_endings: z.number().int(),
  /** Deliveries that were asked for after the first; each is a step of its own. */
  later_deliveries: z.number().int(),
  /** Whether the Refiner is done with this ending. */
  refined: z.boolean(),
  /** The approval that is waited for. */
  approval: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
});
export type WorkflowHead = z.infer<typeof WorkflowHead>;

/** What was fixed when the workflow was created; only a resume with new settings replaces it. */
export const WorkflowSettings = z.object({
  request: z.string(),
  given_title: z.string().nullable(),
  given_mode: Mode.nullable(),
  pinned: PinnedModel,
  budget: Budget,
  delivery: DeliveryRequest.nullable(),
  /** Actions that need no configuration and that the scope allows: what the Director may choose from. */
  delivery_choices: z.array(z.string()),
  gates: z.array(Gate),
  workspace: WorkspaceRequest.nullable(),
  /** Tools by role in the place of the configured ones; null leaves them. */
  tools: z.partialRecord(RoleName, z.array(z.string())).nullable(),
  stall_patience: z.number().int(),
  approval_expires_s: z.number().int().nullable(),
  prompts: z.array(z.object({ role: RoleName, hash: z.string() })),
  config_hash: z.string(),
});
export type WorkflowSettings = z.infer<typeof WorkflowSettings>;

/** `withdrawn`: a person did not want the plan that it was part of. */
export const TASK_STATUSES = ["pending", "ready", "running", "completed", "failed", "withdrawn"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A node of the task graph; `id` is the Architect's key, `unmet` counts unfinished dependencies. */
export type TaskState = {
  readonly id: string;
  readonly ordinal: number;
  readonly title: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly depends_on: readonly string[];
  readonly dependents: readonly string[];
  readonly unmet: number;
  readonly criteria: readonly string[];
  /** Files, or directories ending in `/`; empty says nothing. */
  readonly writes: readonly string[];
  readonly cycle: number;
  readonly attempt: number;
  readonly summary: string | null;
  readonly created_at: string;
  readonly completed_at: string | null;
};

/**
 * One revision of an artifact; the newest revision of a path is the artifact. `task_id` is empty for what the workflow
 * began with; a revision that is `deleted` has no content.
 */
export type ArtifactState = {
  readonly id: string;
  readonly ordinal: number;
  readonly path: string;
  readonly revision: number;
  readonly kind: ArtifactKind;
  readonly description: string;
  readonly hash: string;
  readonly size: number;
  readonly task_id: string;
  readonly cycle: number;
  readonly deleted: boolean;
  readonly created_at: string;
};

/** `reproduced` the engine saw it, `cited` it stands where QA says, `opinion` neither: that blocks nothing. */
export const EVIDENCE_CLASSES = ["reproduced", "cited", "opinion"] as const;
export type EvidenceClass = (typeof EVIDENCE_CLASSES)[number];

/** `engine` tells people of what is missing around the work; it is no fault of the work and goes to no model. */
export const RAISED_BY = ["qa", "core", "engine", "person"] as const;

export type FindingState = Omit<ReportedFinding, "id"> & {
  readonly id: string;
  readonly ordinal: number;
  readonly status: "open" | "resolved" | "waived";
  readonly raised_by: (typeof RAISED_BY)[number];
  readonly evidence_class: EvidenceClass;
  /** What it is about in any wording, to know it again. */
  readonly fingerprint: string;
  /** The receipt that shows it. */
  readonly receipt: string | null;
  readonly raised_in_cycle: number;
  readonly resolved_in_cycle: number | null;
  readonly resolution: string | null;
};

export type SuggestionState = SuggestedImprovement & { readonly id: string; readonly ordinal: number };

export type CriterionState = CriterionVerdict & {
  readonly cycle: number;
  readonly decided_by: "check" | "qa";
  readonly receipt: string | null;
};

export type ReceiptState = Receipt & {
  readonly id: string;
  readonly ordinal: number;
  readonly cycle: number;
};

export const APPROVAL_VERBS = ["approve", "edit", "request_changes", "reject"] as const;
export type ApprovalVerb = (typeof APPROVAL_VERBS)[number];

/** A question to a person, and the answer once there is one. */
export type ApprovalState = {
  readonly id: string;
  readonly ordinal: number;
  readonly gate: Gate;
  readonly cycle: number;
  readonly requested_at: string;
  readonly answer: {
    readonly verb: ApprovalVerb;
    readonly note: string | null;
    readonly actor: string;
    readonly at: string;
  } | null;
};

/** What the tree that the workflow began with was, and what of it is not there. */
export type ImportState = {
  readonly repo: string;
  readonly commit: string;
  readonly files: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
};

/** Documents by kind; the shapes stand in `../documents.ts`, the writer of each in `../role-contract.ts`. */
export const DOCUMENT_KINDS = [
  "brief",
  "constitution",
  "requirements",
  "plan",
  "design",
  "finalization",
  "assessment",
] as const;
export const DocumentKind = z.enum(DOCUMENT_KINDS);
export type DocumentKind = z.infer<typeof DocumentKind>;

export type Documents = {
  brief: RoleOutputs["director"];
  constitution: Constitution;
  requirements: Requirements;
  plan: Plan;
  design: Design;
  finalization: Finalization;
  assessment: Pick<RoleOutputs["refiner"], "health_score" | "overall_assessment">;
};

/** A document of the workflow; null while nobody has written it. */
export function documentOf<K extends DocumentKind>(state: WorkflowState, kind: K): Documents[K] | null {
  return (state.documents.get(kind) as Documents[K] | undefined) ?? null;
}

/**
 * Everything the engine knows of a workflow: `fold(events)` and the stored rows give the same value.
 * Maps are keyed by id (`latest_artifacts` by lower-cased path, `summaries` by role). The last three are derived from
 * `tasks` and `artifacts`, so that no step has to go through all of them.
 */
export type WorkflowState = {
  readonly head: WorkflowHead;
  readonly settings: WorkflowSettings;
  readonly documents: PersistentMap<unknown>;
  readonly summaries: PersistentMap<string>;
  readonly tasks: PersistentMap<TaskState>;
  readonly artifacts: PersistentMap<ArtifactState>;
  readonly findings: PersistentMap<FindingState>;
  readonly criteria: PersistentMap<CriterionState>;
  readonly suggestions: PersistentMap<SuggestionState>;
  readonly receipts: PersistentMap<ReceiptState>;
  /** Why a person does without a criterion, by its id. */
  readonly waivers: PersistentMap<string>;
  readonly approvals: PersistentMap<ApprovalState>;
  /** Null when the workflow began with nothing. */
  readonly imported: ImportState | null;
  readonly deliveries: PersistentMap<DeliveryState>;
  readonly ready_tasks: readonly string[];
  readonly latest_artifacts: PersistentMap<ArtifactState>;
  readonly directories: Directories;
};

export const TERMINAL_STATUSES: readonly WorkflowStatus[] = ["completed", "failed", "cancelled"];

export function isTerminal(status: WorkflowStatus): boolean {
  return TERMINAL_STATUSES.includes(status);
}

export function openStep(state: WorkflowState, stepId: string): OpenStep | undefined {
  return state.head.open_steps.find((step) => step.id === stepId);
}

/** The delivery that was asked for last, null before the first. */
export function newestDelivery({ deliveries }: WorkflowState): DeliveryState | null {
  return byOrdinal(deliveries.values()).at(-1) ?? null;
}

export function byOrdinal<T extends { readonly ordinal: number }>(values: Iterable<T>): T[] {
  return [...values].toSorted((left, right) => left.ordinal - right.ordinal);
}

export function openFindings(state: WorkflowState): FindingState[] {
  return byOrdinal(state.findings.values()).filter((finding) => finding.status === "open");
}

/** The tasks of the plans that hold. */
export function plannedTasks(state: WorkflowState): TaskState[] {
  return byOrdinal(state.tasks.values()).filter((task) => task.status !== "withdrawn");
}

/** The tree: the newest revision of every path that is not deleted. */
export function treeOf(state: WorkflowState): ArtifactState[] {
  return byOrdinal(state.latest_artifacts.values()).filter((artifact) => !artifact.deleted);
}

/** The tree that the first `count` artifacts made. */
export function treeAt(state: WorkflowState, count: number): ArtifactState[] {
  const newest = new Map<string, ArtifactState>();
  for (const artifact of byOrdinal(state.artifacts.values())) {
    if (artifact.ordinal <= count) newest.set(pathKey(artifact.path), artifact);
  }
  return byOrdinal(newest.values()).filter((artifact) => !artifact.deleted);
}
