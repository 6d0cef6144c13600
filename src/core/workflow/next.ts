import type { RoleName } from "../role-name.ts";
import { isTerminal, newestDelivery, openStep, type StepSpec, type WorkflowState } from "./state.ts";
import { architectStep, deliveryStep, finalizerStep } from "./step-ids.ts";
import { overlap } from "./write-set.ts";

/** A step that may start now, or at `available_at` when that is not null. */
export type RunnableStep = StepSpec & { readonly available_at: string | null };

/** One stage of the pipeline: `settled` when nothing of it is left, so that the next may begin. */
type Stage = (state: WorkflowState) => { readonly settled: boolean; readonly steps: readonly StepSpec[] };

const PIPELINE: readonly Stage[] = [
  importedTree,
  single(() => roleStep("director", "director", 0)),
  single(() => roleStep("project_manager", "project_manager", 0)),
  single((state) => roleStep(architectStep(state.head), "architect", state.head.cycle)),
  readyTasks,
  validation,
  single((state) => roleStep(`qa:${state.head.cycle}`, "qa", state.head.cycle)),
  single((state) => roleStep(finalizerStep(state.head), "finalizer", state.head.cycle)),
];

/** What comes after everything else; on a completed workflow a person may ask for another. */
export function deliverySpec({ head }: WorkflowState): StepSpec {
  return engineStep(deliveryStep(head), "delivery", head.cycle);
}

/** Whether nothing is left to do but to hand over. */
export function awaitsDelivery(state: WorkflowState): boolean {
  return PIPELINE.every((stage) => stage(state).settled);
}

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
  return runnable(state, [deliverySpec(state)]);
}

/** The Refiner comes once after every ending, when the last step that still ran has come home; deliveries any time. */
function trailingSteps(state: WorkflowState): readonly RunnableStep[] {
  const { closed, closings, refined, open_steps: open, status } = state.head;
  if (closed) return [];
  const asked = newestDelivery(state);
  const again = status === "completed" && (asked?.status === "pending" || asked?.status === "delivering");
  const deliveries = again ? runnable(state, [deliverySpec(state)]) : [];
  const refiner = roleStep(`refiner:${closings + 1}`, "refiner", state.head.cycle);
  if (refined || open.some((step) => step.status === "running" && step.id !== refiner.id)) return deliveries;
  return [...runnable(state, [refiner]), ...deliveries];
}

function importedTree(state: WorkflowState): ReturnType<Stage> {
  if (state.settings.workspace === null) return { settled: true, steps: [] };
  return single(() => engineStep("workspace", "workspace", 0))(state);
}

/** Before QA; workflows whose QA had begun before there was a validation go without. */
function validation(state: WorkflowState): ReturnType<Stage> {
  const { cycle, done_steps } = state.head;
  const qa = `qa:${cycle}`;
  if (done_steps.includes(qa) || openStep(state, qa)) return { settled: true, steps: [] };
  return single(() => engineStep(`validation:${cycle}`, "validation", cycle))(state);
}

/** Tasks that say that they write the same path wait for one another. */
function readyTasks(state: WorkflowState): ReturnType<Stage> {
  const { head, tasks } = state;
  if (head.unfinished_tasks === 0) return { settled: true, steps: [] };
  const open = head.open_steps.filter((step) => step.kind === "task");
  const writesOf = (id: string | null): readonly string[] => (id !== null && tasks.get(id)?.writes) || [];
  const taken = open.flatMap((step) => (step.status === "running" ? writesOf(step.task_id) : []));
  const again = open.filter((step) => step.status === "queued").map(specOf);
  const fresh = state.ready_tasks.map((id) => taskStep(id, tasks.get(id)?.cycle ?? head.cycle));
  const free = [...again, ...fresh].filter((step) => !overlap(writesOf(step.task_id), taken));
  return { settled: false, steps: free };
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

function engineStep(id: string, kind: StepSpec["kind"], cycle: number): StepSpec {
  return { id, kind, role: null, task_id: null, cycle };
}

function specOf({ id, kind, role, task_id, cycle }: StepSpec): StepSpec {
  return { id, kind, role, task_id, cycle };
}
