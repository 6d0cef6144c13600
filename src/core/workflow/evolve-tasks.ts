import type { WorkflowEvent } from "./events.ts";
import type { TaskState, WorkflowState } from "./state.ts";

type Parts = Partial<Omit<WorkflowState, "head">>;

type TaskEvent = Extract<WorkflowEvent, { type: `task.${string}` }>;

/** The tasks, and which of them are ready, after one more event. */
export function evolveTasks(state: WorkflowState, event: TaskEvent): Parts {
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
  const { key, title, description, depends_on, criteria, writes, ordinal, cycle } = event.payload;
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
    writes,
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

/** Tasks that were never begun are given up; their keys are free again. */
export function withoutTasks(state: WorkflowState, ids: readonly string[]): Parts {
  let { tasks } = state;
  for (const id of ids) {
    const task = tasks.get(id);
    if (task) tasks = tasks.set(id, { ...task, status: "withdrawn" });
  }
  return { tasks, ready_tasks: state.ready_tasks.filter((id) => !ids.includes(id)) };
}
