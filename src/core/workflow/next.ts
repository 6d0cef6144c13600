import type { RoleName } from "../role-name.ts";
import { isTerminal, openStep, type StepSpec, type WorkflowState } from "./state.ts";

/** A step that may start now, or at `available_at` when that is not null. */
export type RunnableStep = StepSpec & { readonly available_at: string | null };

/** One stage of the pipeline: `settled` when nothing of it is left, so that the next may begin. */
type Stage = (state: WorkflowState) => { readonly settled: boolean; readonly steps: readonly StepSpec[] };

const PIPELINE: readonly Stage[] = [
  single(() => roleStep("director", "director", 0)),
  single(() => roleStep("project_manager", "project_manager", 0)),
  single((state) => roleStep(`architect:${state.head.cycle}`, "architect", state.head.cycle)),
  readyTasks,
  single((state) => roleStep(`qa:${state.head.cycle}`, "qa", state.head.cycle)),
  single((state) => roleStep("finalizer", "finalizer", state.head.cycle)),
  single((state) => ({
    id: "delivery",
    kind: "delivery",
    role: null,
    task_id: null,
    cycle: state.head.cycle,
  })),
];

/**
 * The steps that may run now; empty while the workflow waits, and when everything possible is already running.
 * An ended workflow has only its trailing Refiner, a cancelled one nothing.
 */
export function next(state: WorkflowState): readonly RunnableStep[] {
  const { status } = state.head;
  if (status === "pending" || status === "running") return pipelineSteps(state);
  if (isTerminal(status) && status !== "cancelled") return trailingSteps(state);
  return [];
}

export function taskStep(taskId: string, cycle: number): StepSpec {
  return { id: `task:${taskId}`, kind: "task", role: "implementer", task_id: taskId, cycle };
}

function pipelineSteps(state: WorkflowState): readonly RunnableStep[] {
  for (const stage of PIPELINE) {
    const { settled, steps } = stage(state);
    if (!settled) return runnable(state, steps);
  }
  return [];
}

/** The Refiner comes once after every ending, when the last step that still ran has come home. */
function trailingSteps(state: WorkflowState): readonly RunnableStep[] {
  const { closed, closings, open_steps: open } = state.head;
  const refiner = roleStep(`refiner:${closings + 1}`, "refiner", state.head.cycle);
  if (closed || open.some((step) => step.status === "running" && step.id !== refiner.id)) return [];
  return runnable(state, [refiner]);
}

function readyTasks(state: WorkflowState): ReturnType<Stage> {
  if (state.head.unfinished_tasks === 0) return { settled: true, steps: [] };
  const again = state.head.open_steps.filter((step) => step.kind === "task" && step.status === "queued");
  const fresh = state.ready_tasks.map((id) => taskStep(id, state.tasks.get(id)?.cycle ?? state.head.cycle));
  return { settled: false, steps: [...again.map(specOf), ...fresh] };
}

function runnable(state: WorkflowState, steps: readonly StepSpec[]): RunnableStep[] {
  return steps.flatMap((step) => {
    const open = openStep(state, step.id);
    return open?.status === "running" ? [] : [{ ...step, available_at: open?.available_at ?? null }];
  });
}

function single(step: (state: WorkflowState) => StepSpec): Stage {
  return (state) => {
    const spec = step(state);
    return { settled: state.head.done_steps.includes(spec.id), steps: [spec] };
  };
}

function roleStep(id: string, role: RoleName, cycle: number): StepSpec {
  return { id, kind: "role", role, task_id: null, cycle };
}

function specOf({ id, kind, role, task_id, cycle }: StepSpec): StepSpec {
  return { id, kind, role, task_id, cycle };
}
