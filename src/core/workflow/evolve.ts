import { pathKey } from "../artifact-path.ts";
import { PersistentMap } from "../persistent-map.ts";
import { withPath } from "./directories.ts";
import type { EventPayload, WorkflowEvent } from "./events.ts";
import { evolveHead } from "./evolve-head.ts";
import type { ArtifactState, TaskState, WorkflowHead, WorkflowSettings, WorkflowState } from "./state.ts";

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
    delivery: null,
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
    created_at: event.occurred_at,
    updated_at: event.occurred_at,
    started_at: null,
    completed_at: null,
  };
}

function changedSettings(
  before: WorkflowSettings,
  { pinned, budget }: EventPayload<"settings.changed">,
): WorkflowSettings {
  return { ...before, pinned, budget: budget ?? before.budget };
}

type Parts = Partial<Omit<WorkflowState, "head">>;

function evolveParts(state: WorkflowState, event: WorkflowEvent): Parts {
  switch (event.type) {
    case "settings.changed":
      return { settings: changedSettings(state.settings, event.payload) };
    case "role.completed":
      if (event.role === null || event.role === "implementer") return {};
      return { summaries: state.summaries.set(event.role, event.payload.summary) };
    case "document.written":
      return { documents: state.documents.set(event.payload.kind, event.payload.document) };
    case "task.created":
    case "task.started":
    case "task.completed":
    case "task.failed":
      return evolveTasks(state, event);
    case "artifact.produced":
      return withArtifact(state, artifactOf(event));
    case "criterion.judged":
      return { criteria: state.criteria.set(event.payload.id, event.payload) };
    case "finding.raised":
    case "finding.updated":
    case "finding.resolved":
      return evolveFindings(state, event);
    case "refiner.suggestion":
      return { suggestions: state.suggestions.set(event.payload.id, event.payload) };
    case "delivery.completed":
      return { delivery: { status: "delivered", ...event.payload, message: null } };
    case "delivery.failed": {
      const { action, message } = event.payload;
      return { delivery: { status: "failed", action, links: [], metadata: [], message } };
    }
    case "workflow.created":
    case "state.transition":
    case "step.started":
    case "step.completed":
    case "step.failed":
    case "step.cancelled":
    case "role.started":
    case "role.failed":
    case "repair.started":
    case "contract.violated":
    case "model.requested":
    case "model.called":
    case "model.reasked":
    case "model.replayed":
    case "model.substituted":
    case "tool.requested":
    case "tool.called":
    case "tool.replayed":
    case "outcome.decided":
    case "workflow.closed":
      return {};
  }
}

type TaskEvent = Extract<WorkflowEvent, { type: `task.${string}` }>;

function evolveTasks(state: WorkflowState, event: TaskEvent): Parts {
  if (event.type === "task.created") return withTask(state, event);
  const task = event.task_id === null ? undefined : state.tasks.get(event.task_id);
  if (!task) return {};
  switch (event.type) {
    case "task.started": {
      const started = { ...task, status: "running", attempt: event.payload.attempt } as const;
      return {
        tasks: state.tasks.set(task.id, started),
        ready_tasks: state.ready_tasks.filter((id) => id !== task.id),
      };
    }
    case "task.failed":
      return { tasks: state.tasks.set(task.id, { ...task, status: "failed" }) };
    case "task.completed":
      return withCompletedTask(state, {
        ...task,
        status: "completed",
        summary: event.payload.summary,
        completed_at: event.occurred_at,
      });
  }
}

function withTask(state: WorkflowState, event: Extract<TaskEvent, { type: "task.created" }>): Parts {
  const { key, title, description, depends_on, criteria, ordinal, cycle } = event.payload;
  let tasks = state.tasks;
  let unmet = 0;
  for (const id of depends_on) {
    const dependency = tasks.get(id);
    if (dependency?.status === "completed") continue;
    unmet += 1;
    if (dependency) tasks = tasks.set(id, { ...dependency, dependents: dependency.dependents.concat(key) });
  }
  const task: TaskState = {
    id: key,
    ordinal,
    title,
    description,
    status: unmet === 0 ? "ready" : "pending",
    depends_on,
    dependents: [],
    unmet,
    criteria,
    cycle,
    attempt: 0,
    summary: null,
    created_at: event.occurred_at,
    completed_at: null,
  };
  return {
    tasks: tasks.set(key, task),
    ready_tasks: unmet === 0 ? [...state.ready_tasks, key] : state.ready_tasks,
  };
}

function withCompletedTask(state: WorkflowState, task: TaskState): Parts {
  let tasks = state.tasks.set(task.id, task);
  const ready: string[] = [];
  for (const id of task.dependents) {
    const dependent = tasks.get(id);
    if (!dependent) continue;
    const unmet = dependent.unmet - 1;
    const free = unmet === 0 && dependent.status === "pending";
    tasks = tasks.set(id, { ...dependent, unmet, status: free ? "ready" : dependent.status });
    if (free) ready.push(id);
  }
  return { tasks, ready_tasks: ready.length > 0 ? [...state.ready_tasks, ...ready] : state.ready_tasks };
}

function artifactOf(event: Extract<WorkflowEvent, { type: "artifact.produced" }>): ArtifactState {
  return { ...event.payload, task_id: event.task_id ?? "", created_at: event.occurred_at };
}

function withArtifact(state: WorkflowState, artifact: ArtifactState): Parts {
  return {
    artifacts: state.artifacts.set(artifact.id, artifact),
    latest_artifacts: state.latest_artifacts.set(pathKey(artifact.path), artifact),
    directories: withPath(state.directories, artifact.path),
  };
}

function evolveFindings(
  state: WorkflowState,
  event: Extract<WorkflowEvent, { type: `finding.${string}` }>,
): Parts {
  const { findings } = state;
  if (event.type === "finding.raised") {
    const { cycle, ...finding } = event.payload;
    const raised = {
      ...finding,
      status: "open",
      raised_in_cycle: cycle,
      resolved_in_cycle: null,
      resolution: null,
    } as const;
    return { findings: findings.set(finding.id, raised) };
  }
  const known = findings.get(event.payload.id);
  if (!known) return {};
  if (event.type === "finding.updated") {
    const { cycle: _cycle, ...report } = event.payload;
    return { findings: findings.set(known.id, { ...known, ...report }) };
  }
  const { cycle, resolution } = event.payload;
  return {
    findings: findings.set(known.id, { ...known, status: "resolved", resolved_in_cycle: cycle, resolution }),
  };
}
