import { AT_ONCE } from "../failure-policy.ts";
import type {
  Blob,
  Commit,
  ModelCallRow,
  NewMessage,
  PartKind,
  PartRow,
  StepRow,
  ToolCallRow,
} from "./commit.ts";
import { isStepEvent, type WorkflowEvent } from "./events.ts";
import { awaitsDelivery, deliverySpec, next } from "./next.ts";
import { newestDelivery, openStep, type OpenStep, type StepSpec, type WorkflowState } from "./state.ts";
import { deliveryOfStep } from "./step-ids.ts";

export type CommitPlan = {
  /** Null when the events create the workflow. */
  readonly before: WorkflowState | null;
  readonly after: WorkflowState;
  readonly events: readonly WorkflowEvent[];
  readonly fences: Commit["fences"];
  readonly wake: Commit["wake"];
  readonly blobs: readonly Blob[];
  readonly messages: readonly NewMessage[];
};

/** The one value that carries a change to storage: rows for what changed, and for nothing else. */
export function planCommit(plan: CommitPlan): Commit {
  const { before, after, events, fences, blobs, messages, wake } = plan;
  return {
    tenant_id: after.head.tenant_id,
    workflow_id: after.head.id,
    expected_version: before?.head.version ?? 0,
    head: after.head,
    events,
    parts: changedParts(before, after),
    steps: changedSteps(before, after, events),
    fences,
    model_calls: events.flatMap(modelCallOf),
    tool_calls: events.flatMap(toolCallOf),
    blobs,
    messages,
    wake,
  };
}

type MapName =
  | "documents"
  | "summaries"
  | "tasks"
  | "artifacts"
  | "findings"
  | "criteria"
  | "suggestions"
  | "receipts"
  | "waivers"
  | "approvals"
  | "deliveries";

/** Which map of the state is stored under which kind of part. */
export const PART_OF_MAP: Record<MapName, PartKind> = {
  documents: "document",
  summaries: "summary",
  tasks: "task",
  artifacts: "artifact",
  findings: "finding",
  criteria: "criterion",
  suggestions: "suggestion",
  receipts: "receipt",
  waivers: "waiver",
  approvals: "approval",
  deliveries: "delivery",
};

function changedParts(before: WorkflowState | null, after: WorkflowState): PartRow[] {
  const parts: PartRow[] = [];
  if (before?.settings !== after.settings) parts.push({ kind: "settings", key: "", body: after.settings });
  if (after.imported !== null && before?.imported !== after.imported) {
    parts.push({ kind: "import", key: "", body: after.imported });
  }
  for (const name of Object.keys(PART_OF_MAP) as MapName[]) {
    const map = after[name];
    const earlier = before?.[name];
    if (map === earlier) continue;
    const changed = earlier ? map.changedSince(earlier as never) : map.entries();
    for (const [key, body] of changed) parts.push({ kind: PART_OF_MAP[name], key, body });
  }
  return parts;
}

/** Rows of the steps that the events touched, and of those that have become runnable and were not started at once. */
function changedSteps(
  before: WorkflowState | null,
  after: WorkflowState,
  events: readonly WorkflowEvent[],
): StepRow[] {
  const rows = new Map<string, StepRow>();
  const runnableBefore = before ? next(before) : [];
  for (const event of events) {
    if (event.step_id === null) continue;
    const row = rowAfter(event, rows.get(event.step_id) ?? knownRow(before, event.step_id));
    if (row) rows.set(row.id, row);
  }
  const seen = new Set(runnableBefore.map((step) => step.id));
  for (const step of next(after)) {
    if (!seen.has(step.id) && !rows.has(step.id))
      rows.set(step.id, queuedRow(step, openStep(after, step.id)));
  }
  for (const step of before ? abandonedSteps(before, after) : []) {
    if (!rows.has(step.id)) rows.set(step.id, { ...queuedRow(step, undefined), status: "cancelled" });
  }
  return [...rows.values()];
}

/**
 * Steps whose turn will never come: those of a cancelled workflow, the Refiner of an ending that was left, and a delivery
 * that a person does without.
 */
function abandonedSteps(before: WorkflowState, after: WorkflowState): readonly StepSpec[] {
  const { status } = before.head;
  if (after.head.status !== "cancelled") {
    const left = status === "failed" && after.head.status === "running" ? next(before) : [];
    return [...left, ...abandonedDelivery(before, after)];
  }
  // Without what runs: it keeps those from starting that write the same paths.
  const pipeline = next({ ...before, head: { ...before.head, status: "running", open_steps: [] } });
  return status === "failed"
    ? [...pipeline.filter((step) => step.kind === "task"), ...next(before)]
    : pipeline;
}

/** One that has begun is cancelled by an event of its own. */
function abandonedDelivery(before: WorkflowState, after: WorkflowState): readonly StepSpec[] {
  const spec = deliverySpec(before);
  const id = deliveryOfStep(spec.id);
  const isGivenUp = deliverySpec(after).id !== spec.id || after.deliveries.get(id)?.status === "skipped";
  if (!isGivenUp || openStep(before, spec.id) !== undefined) return [];
  const newest = newestDelivery(before);
  const isOver = before.head.status === "completed";
  const isAwaited = isOver ? newest?.id === id && newest.status === "pending" : awaitsDelivery(before);
  return isAwaited ? [spec] : [];
}

function knownRow(before: WorkflowState | null, stepId: string): StepRow | undefined {
  const open = before ? openStep(before, stepId) : undefined;
  return open && { ...queuedRow(open, open), status: open.status };
}

function rowAfter(event: WorkflowEvent, row: StepRow | undefined): StepRow | undefined {
  if (!isStepEvent(event)) return row;
  const at = event.occurred_at;
  switch (event.type) {
    case "step.started": {
      const { kind, cycle, attempt, owner, lease_until } = event.payload;
      const place = { id: event.step_id ?? "", role: event.role, task_id: event.task_id };
      const times = { available_at: null, started_at: at, finished_at: null };
      return { ...place, kind, cycle, attempt, owner, lease_until, ...times, status: "running", error: null };
    }
    case "step.completed":
      return row && { ...row, status: "completed", finished_at: at, lease_until: null };
    case "step.cancelled":
      return row && { ...row, status: "cancelled", finished_at: at, lease_until: null };
    case "step.failed": {
      const { code, message, retry_at } = event.payload;
      const error = { code, message };
      if (retry_at === null)
        return row && { ...row, status: "failed", finished_at: at, lease_until: null, error };
      const available_at = retry_at === AT_ONCE ? null : retry_at;
      return row && { ...row, status: "queued", owner: null, lease_until: null, available_at, error };
    }
  }
}

function queuedRow(step: StepSpec, open: OpenStep | undefined): StepRow {
  const { id, kind, role, task_id, cycle } = step;
  return {
    id,
    kind,
    role,
    task_id,
    cycle,
    status: "queued",
    attempt: open?.attempt ?? 0,
    owner: open?.owner ?? null,
    lease_until: open?.lease_until ?? null,
    available_at: open?.available_at ?? null,
    started_at: open?.started_at ?? null,
    finished_at: null,
    error: null,
  };
}

function modelCallOf(event: WorkflowEvent): ModelCallRow[] {
  if (event.type !== "model.called" && event.type !== "model.requested") return [];
  if (event.step_id === null || event.role === null) return [];
  const place = { step_id: event.step_id, role: event.role, created_at: event.occurred_at };
  if (event.type === "model.called") {
    const { usage, error } = event.payload;
    const tokens = usage.input_tokens + usage.output_tokens;
    return [{ ...event.payload, ...place, tokens, status: error === null ? "answered" : "failed" }];
  }
  const { reserved_cost_usd: cost_usd, reserved_tokens: tokens, ...asked } = event.payload;
  return [{ ...asked, ...place, ...NOT_ENDED, model_served: asked.model_asked, cost_usd, tokens }];
}

/** What a call has while nobody knows its end. */
const NOT_ENDED = {
  status: "requested",
  usage: { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 },
  latency_ms: 0,
  finish_reason: "",
  response_hash: null,
  error: null,
} as const;

function toolCallOf(event: WorkflowEvent): ToolCallRow[] {
  if (event.type !== "tool.called" && event.type !== "tool.requested") return [];
  if (event.step_id === null) return [];
  const place = { step_id: event.step_id, created_at: event.occurred_at };
  if (event.type === "tool.called")
    return [{ ...event.payload, ...place, status: event.payload.error === null ? "answered" : "failed" }];
  const open = {
    status: "requested",
    output_hash: null,
    known_by: null,
    latency_ms: 0,
    error: null,
  } as const;
  return [{ ...event.payload, ...place, ...open }];
}
