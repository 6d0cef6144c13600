import { PersistentMap } from "../persistent-map.ts";
import { type EventPayload, isStepEvent, type WorkflowEvent } from "./events.ts";
import { evolveApprovals, withCriteria } from "./evolve-approvals.ts";
import { evolveDeliveries, withAttempt } from "./evolve-deliveries.ts";
import { evolveFindings } from "./evolve-findings.ts";
import { evolveHead } from "./evolve-head.ts";
import { evolveTasks, withoutTasks } from "./evolve-tasks.ts";
import { evolveTree } from "./evolve-tree.ts";
import { NO_PROGRESS } from "./progress.ts";
import type { WorkflowHead, WorkflowSettings, WorkflowState } from "./state.ts";

/** The state after one more event: total, pure, and it only copies what the event says. */
export function evolve(state: WorkflowState, event: WorkflowEvent): WorkflowState {
  return { ...state, ...evolveParts(state, event), head: evolveHead(state.head, event) };
}

/** The state that a whole journal gives. Throws when the journal does not begin with `workflow.created`. */
export function fold(events: Iterable<WorkflowEvent>): WorkflowState {
  let state: WorkflowState | null = null;
  for (const event of events) state = state === null ? created(event) : evolve(state, event);
  if (state === null) throw new Error("an empty journal has no state");
  return state;
}

/** The state after the first event of a journal. */
export function created(event: WorkflowEvent): WorkflowState {
  if (event.type !== "workflow.created")
    throw new Error(`a journal begins with workflow.created, not ${event.type}`);
  const { payload } = event;
  return {
    head: firstHead(event, payload),
    settings: {
      request: payload.request,
      given_title: payload.given_title,
      given_mode: payload.given_mode,
      pinned: payload.pinned,
      budget: payload.budget,
      delivery: payload.delivery,
      delivery_choices: payload.delivery_choices,
      gates: payload.gates,
      workspace: payload.workspace,
      tools: payload.tools,
      stall_patience: payload.stall_patience,
      approval_expires_s: payload.approval_expires_s,
      prompts: payload.prompts,
      config_hash: payload.config_hash,
    },
    documents: PersistentMap.empty(),
    summaries: PersistentMap.empty(),
    tasks: PersistentMap.empty(),
    artifacts: PersistentMap.empty(),
    findings: PersistentMap.empty(),
    criteria: PersistentMap.empty(),
    suggestions: PersistentMap.empty(),
    receipts: PersistentMap.empty(),
    waivers: PersistentMap.empty(),
    approvals: PersistentMap.empty(),
    imported: null,
    deliveries: PersistentMap.empty(),
    ready_tasks: [],
    latest_artifacts: PersistentMap.empty(),
    directories: PersistentMap.empty(),
  };
}

function firstHead(event: WorkflowEvent, payload: EventPayload<"workflow.created">): WorkflowHead {
  return {
    id: payload.id,
    tenant_id: payload.tenant_id,
    scope_id: payload.scope_id,
    parent_id: payload.parent_id,
    status: "pending",
    version: event.seq,
    title: payload.title,
    mode: payload.given_mode,
    cycle: 0,
    max_qa_retries: payload.max_qa_retries,
    waiting: null,
    error: null,
    done_steps: [],
    open_steps: [],
    unfinished_tasks: 0,
    steps_completed: 0,
    closings: 0,
    closed: false,
    tree_hash: null,
    spend: [],
    in_doubt: [],
    worked_ms: 0,
    running_since: null,
    progress: NO_PROGRESS,
    verdict: null,
    later_plans: 0,
    later_endings: 0,
    later_deliveries: 0,
    refined: false,
    approval: null,
    created_at: event.occurred_at,
    updated_at: event.occurred_at,
    started_at: null,
    completed_at: null,
  };
}

function withSummary(
  { summaries }: WorkflowState,
  { role, payload }: Extract<WorkflowEvent, { type: "role.completed" }>,
): Parts {
  if (role === null || role === "implementer") return {};
  return { summaries: summaries.set(role, payload.summary) };
}

function changedSettings(
  before: WorkflowSettings,
  { pinned, budget }: EventPayload<"settings.changed">,
): WorkflowSettings {
  return { ...before, pinned, budget: budget ?? before.budget };
}

type Parts = Partial<Omit<WorkflowState, "head">>;

type RowEvent = Extract<WorkflowEvent, { type: `${"step" | "model" | "tool"}.${string}` }>;

/** Events that the head and the rows of steps and calls tell of. */
function isRowEvent(event: WorkflowEvent): event is RowEvent {
  return /^(step|model|tool)\./.test(event.type);
}

function evolveParts(state: WorkflowState, event: WorkflowEvent): Parts {
  if (isRowEvent(event)) return isStepEvent(event) ? withAttempt(state, event) : {};
  switch (event.type) {
    case "settings.changed":
      return { settings: changedSettings(state.settings, event.payload) };
    case "role.completed":
      return withSummary(state, event);
    case "document.written":
      return { documents: state.documents.set(event.payload.kind, event.payload.document) };
    case "task.created":
    case "task.started":
    case "task.completed":
    case "task.failed":
      return evolveTasks(state, event);
    case "artifact.produced":
    case "artifact.deleted":
    case "tree.imported":
      return evolveTree(state, event);
    case "receipt.recorded":
      return { receipts: state.receipts.set(event.payload.id, event.payload) };
    case "criterion.waived":
      return { waivers: state.waivers.set(event.payload.id, event.payload.reason) };
    case "approval.requested":
    case "approval.responded":
      return evolveApprovals(state, event);
    case "plan.edited": {
      const { criteria, withdrawn } = event.payload;
      return { ...withCriteria(state, criteria), ...withoutTasks(state, withdrawn) };
    }
    case "plan.withdrawn":
      return withoutTasks(state, event.payload.tasks);
    case "criterion.judged":
      return { criteria: state.criteria.set(event.payload.id, event.payload) };
    case "finding.raised":
    case "finding.updated":
    case "finding.resolved":
    case "finding.waived":
      return evolveFindings(state, event) ?? {};
    case "refiner.suggestion":
      return { suggestions: state.suggestions.set(event.payload.id, event.payload) };
    case "delivery.requested":
    case "delivery.completed":
    case "delivery.failed":
    case "delivery.skipped":
      return evolveDeliveries(state, event);
    case "workflow.created":
    case "state.transition":
    case "role.started":
    case "role.failed":
    case "repair.started":
    case "contract.violated":
    case "outcome.decided":
    case "cycle.judged":
    case "claim.unsupported":
    case "workflow.closed":
      return {};
  }
}
