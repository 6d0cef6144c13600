import { z } from "zod";

import {
  AcceptanceCriterion,
  ArtifactKind,
  ArtifactReference,
  CriterionVerdict,
  PlannedTask,
  ReportedFinding,
  SuggestedImprovement,
} from "../documents.ts";
import { Receipt } from "../receipt.ts";
import { RoleName } from "../role-name.ts";
import { OUTCOMES, TOOL_SEMANTICS } from "../tool-semantics.ts";
import { Budget, Gate, NO_BUDGET } from "../workflow-config.ts";
import { DeliveryDocument, DeliveryRequest } from "./delivery-state.ts";
import { WorkVerdict } from "./progress.ts";
import {
  APPROVAL_VERBS,
  DocumentKind,
  EVIDENCE_CLASSES,
  PinnedModel,
  RAISED_BY,
  StepKind,
  WorkflowSettings,
  WorkflowStatus,
  WorkspaceRequest,
} from "./state.ts";
import { EVERY_ARTIFACT } from "./step-ids.ts";

const Text = z.string();
const Count = z.number().int().nonnegative();

export const TokenUsage = z.object({
  input_tokens: Count,
  output_tokens: Count,
  cached_input_tokens: Count,
  reasoning_tokens: Count,
});
export type TokenUsage = z.infer<typeof TokenUsage>;

const Problem = z.object({ code: Text, message: Text });

/** Payload of every event type. The wire list is open: readers outside ignore types they do not know. */
export const EVENT_PAYLOADS = {
  "workflow.created": WorkflowSettings.extend({
    budget: Budget.default(NO_BUDGET),
    gates: z.array(Gate).default([]),
    delivery_choices: z.array(Text).default([]),
    workspace: WorkspaceRequest.nullable().default(null),
    tools: z.partialRecord(RoleName, z.array(Text)).nullable().default(null),
    stall_patience: Count.default(2),
    approval_expires_s: Count.nullable().default(null),
    id: Text,
    tenant_id: Text,
    scope_id: Text.nullable(),
    parent_id: Text.nullable(),
    title: Text,
    max_qa_retries: Count,
  }),
  "settings.changed": z.object({
    max_qa_retries: Count,
    pinned: PinnedModel,
    /** Null when it stays as it was. */
    budget: Budget.nullable().default(null),
  }),
  "state.transition": z.object({
    from: WorkflowStatus,
    to: WorkflowStatus,
    reason: Text.nullable(),
    message: Text.nullable(),
  }),
  "step.started": z.object({
    kind: StepKind,
    cycle: Count,
    attempt: Count,
    owner: Text,
    lease_until: Text,
    /** SHA-256 over the newest artifact of every path, for the steps that judge or deliver the tree. */
    tree_hash: Text.nullable(),
    /** How many artifacts the step may build on, counted from the first. */
    base: Count.default(EVERY_ARTIFACT),
  }),
  "step.completed": z.object({ attempt: Count }),
  "step.failed": Problem.extend({ attempt: Count, retry_at: Text.nullable() }),
  "step.cancelled": z.object({ attempt: Count }),
  "role.started": z.object({ attempt: Count, cycle: Count }),
  "role.completed": z.object({ attempt: Count, cycle: Count, summary: Text }),
  "role.failed": Problem.extend({ attempt: Count, cycle: Count }),
  "document.written": z.object({ kind: DocumentKind, document: z.json() }),
  "task.created": PlannedTask.extend({ ordinal: Count, cycle: Count }),
  "task.started": z.object({ title: Text, attempt: Count }),
  "task.completed": z.object({ title: Text, summary: Text }),
  "task.failed": Problem.extend({ title: Text }),
  /** The tree that the workflow begins with; what could not be taken over is named. */
  "tree.imported": z.object({
    repo: Text,
    ref: Text.nullable(),
    path: Text.nullable(),
    commit: Text,
    files: z.array(z.object({ path: Text, kind: ArtifactKind, hash: Text, size: Count })),
    skipped: z.array(z.object({ path: Text, reason: Text })),
  }),
  "artifact.deleted": z.object({ id: Text, ordinal: Count, path: Text, revision: Count, cycle: Count }),
  /** The engine has run something on the tree. */
  "receipt.recorded": Receipt.extend({ id: Text, ordinal: Count, cycle: Count }),
  "artifact.produced": ArtifactReference.extend({ id: Text, ordinal: Count, revision: Count, cycle: Count }),
  "criterion.judged": CriterionVerdict.extend({
    cycle: Count,
    /** Who decided: the criterion's own check, or QA's judgement. */
    decided_by: z.enum(["check", "qa"]).default("qa"),
    receipt: Text.nullable().default(null),
  }),
  /** A person does without it. */
  "criterion.waived": z.object({ id: Text, reason: Text }),
  "finding.raised": ReportedFinding.extend({
    id: Text,
    ordinal: Count,
    cycle: Count,
    raised_by: z.enum(RAISED_BY),
    evidence_class: z.enum(EVIDENCE_CLASSES).default("cited"),
    fingerprint: Text.default(""),
    receipt: Text.nullable().default(null),
  }),
  /** Says what is known now; a finding that was settled is open again. */
  "finding.updated": ReportedFinding.extend({
    id: Text,
    cycle: Count,
    evidence_class: z.enum(EVIDENCE_CLASSES).default("cited"),
    receipt: Text.nullable().default(null),
  }),
  "finding.waived": z.object({ id: Text, reason: Text }),
  /** How a cycle stands after QA, beside those before it. */
  "cycle.judged": z.object({
    cycle: Count,
    tree_hash: Text,
    /** Artifacts that the tree was made of, so that it can be had again. */
    artifacts: Count,
    open_musts: Count,
    blocking: Count,
    open: z.array(Text),
    /** False when the same findings are open as before, or the tree is one that was judged already. */
    progress: z.boolean(),
    stagnant: Count,
    best: z.boolean(),
    verdict: WorkVerdict,
  }),
  /** A role says that something was done that nobody saw done; the sentence is kept out of what is handed on. */
  "claim.unsupported": z.object({ role: RoleName, claim: Text, sentence: Text }),
  "approval.requested": z.object({
    id: Text,
    ordinal: Count,
    gate: Gate,
    cycle: Count,
  }),
  "approval.responded": z.object({
    id: Text,
    verb: z.enum(APPROVAL_VERBS),
    note: Text.nullable(),
  }),
  /** A person has put other criteria in the place of those that were shown (null leaves them), or given up tasks. */
  "plan.edited": z.object({
    criteria: z.array(AcceptanceCriterion).nullable(),
    withdrawn: z.array(Text),
  }),
  /** The tasks that were shown are given up; the Architect is asked again. */
  "plan.withdrawn": z.object({ cycle: Count, tasks: z.array(Text) }),
  "finding.resolved": z.object({ id: Text, cycle: Count, resolution: Text }),
  "repair.started": z.object({ cycle: Count, findings: z.array(Text) }),
  "contract.violated": z.object({ role: RoleName, fields: z.array(Text), problem: Text }),
  /** A call is about to leave; `reserved_*` is its worst case. */
  "model.requested": z.object({
    attempt: Count,
    ordinal: Count,
    provider: Text,
    model_asked: Text,
    request_hash: Text,
    prompt_hash: Text,
    packet_hash: Text,
    config_hash: Text,
    reserved_cost_usd: z.number().nullable(),
    reserved_tokens: Count,
  }),
  "model.called": z.object({
    attempt: Count,
    ordinal: Count,
    provider: Text,
    model_asked: Text,
    model_served: Text,
    usage: TokenUsage,
    /** US dollars; null when the price is unknown. */
    cost_usd: z.number().nullable().default(null),
    latency_ms: z.number(),
    finish_reason: Text,
    request_hash: Text,
    prompt_hash: Text,
    packet_hash: Text,
    config_hash: Text,
    response_hash: Text.nullable(),
    error: Problem.nullable(),
  }),
  "model.reasked": z.object({ attempt: Count, ordinal: Count, problems: z.array(Text) }),
  /** The recorded answer of an earlier attempt served again: nothing was asked of the model. */
  "model.replayed": z.object({
    attempt: Count,
    ordinal: Count,
    recorded_attempt: Count,
    request_hash: Text,
  }),
  /** An outside effect is about to happen; `key` names it to whoever can tell a repetition. */
  "tool.requested": z.object({
    attempt: Count,
    ordinal: Count,
    tool: Text,
    semantics: z.enum(TOOL_SEMANTICS),
    key: Text,
    input_hash: Text,
  }),
  "tool.called": z.object({
    attempt: Count,
    ordinal: Count,
    tool: Text,
    semantics: z.enum(TOOL_SEMANTICS),
    key: Text,
    input_hash: Text,
    /** Null when it failed, and when a person has said that it happened. */
    output_hash: Text.nullable(),
    /** How the outcome is known. */
    known_by: z.enum(["call", "look_up", "person"]),
    latency_ms: z.number(),
    error: Problem.nullable(),
  }),
  /** The recorded result of an earlier attempt served again. */
  "tool.replayed": z.object({ attempt: Count, ordinal: Count, tool: Text, recorded_attempt: Count }),
  /** A person has answered the gate `outcome`. */
  "outcome.decided": z.object({ outcome: z.enum(OUTCOMES) }),
  "model.substituted": z.object({ asked: Text, used: Text, reason: Text }),
  "refiner.suggestion": SuggestedImprovement.extend({ id: Text, ordinal: Count }),
  /** The tree is to be handed over; `config` holds references, never secrets. */
  "delivery.requested": DeliveryRequest.extend({
    id: Text,
    ordinal: Count,
    requested_by: z.enum(["workflow", "person"]),
    tree_hash: Text.nullable(),
  }),
  "delivery.completed": z.object({
    action: Text,
    links: z.array(Text),
    metadata: z.array(z.object({ name: Text, value: Text })),
    documents: z.array(DeliveryDocument).default([]),
  }),
  "delivery.failed": Problem.extend({ action: Text }),
  /** It does not take place: a person does without it, or another has taken its place. */
  "delivery.skipped": z.object({ id: Text, ordinal: Count, action: Text, reason: Text }),
  "workflow.closed": z.object({ status: WorkflowStatus }),
} as const;

export type EventType = keyof typeof EVENT_PAYLOADS;
export type EventPayload<T extends EventType> = z.infer<(typeof EVENT_PAYLOADS)[T]>;

type EventPlace = {
  readonly role: RoleName | null;
  readonly step_id: string | null;
  readonly task_id: string | null;
};

/** An event before it has its place in the journal. */
export type NewEvent = {
  [T in EventType]: { readonly type: T; readonly payload: EventPayload<T> } & EventPlace;
}[EventType];

/** An event in the journal: `seq` counts from 1 without gaps in each workflow, times are RFC 3339 in UTC. */
export type WorkflowEvent = NewEvent & {
  readonly seq: number;
  readonly actor: string;
  readonly version: number;
  readonly occurred_at: string;
};

/** Version of the event shapes above; raised when a payload changes in a way that old journals must be lifted to. */
export const EVENT_VERSION = 1;

const Envelope = z.object({
  seq: z.number().int().positive(),
  type: z.string(),
  role: RoleName.nullable(),
  step_id: z.string().nullable(),
  task_id: z.string().nullable(),
  payload: z.unknown(),
  actor: z.string(),
  version: z.number().int().positive(),
  occurred_at: z.string(),
});

/** Reads one stored event. Throws a ZodError on a shape that this version does not know. */
export function parseEvent(value: unknown): WorkflowEvent {
  const envelope = Envelope.parse(value);
  if (!Object.hasOwn(EVENT_PAYLOADS, envelope.type)) throw new Error(`unknown event type ${envelope.type}`);
  const payload = EVENT_PAYLOADS[envelope.type as EventType].parse(envelope.payload);
  return { ...envelope, payload } as WorkflowEvent;
}

const NOWHERE: EventPlace = { role: null, step_id: null, task_id: null };

export function newEvent<T extends EventType>(
  type: T,
  payload: EventPayload<T>,
  place: EventPlace = NOWHERE,
): NewEvent {
  return { type, payload, role: place.role, step_id: place.step_id, task_id: place.task_id } as NewEvent;
}

type StepEvent = Extract<WorkflowEvent, { type: `step.${string}` }>;

export function isStepEvent(event: WorkflowEvent): event is StepEvent {
  return event.type.startsWith("step.");
}
