import type { PlannedTask } from "../../documents.ts";
import { type NewEvent, newEvent } from "../events.ts";
import type { OpenStep, WorkflowState } from "../state.ts";
import { dependenciesFirst } from "../task-graph.ts";

/** The tasks of a plan, numbered as they were written, each after those that it depends on. */
export function createdTasks(
  state: WorkflowState,
  tasks: readonly PlannedTask[],
  place: { readonly role: OpenStep["role"]; readonly step_id: string | null },
): NewEvent[] {
  const before = Math.max(0, ...[...state.tasks.values()].map((task) => task.ordinal));
  const ordinals = new Map(tasks.map((task, index) => [task.key, before + index + 1]));
  const { cycle } = state.head;
  return dependenciesFirst(tasks).map((task) =>
    newEvent(
      "task.created",
      { ...task, ordinal: ordinals.get(task.key) ?? 0, cycle },
      { ...place, task_id: task.key },
    ),
  );
}
