import { accept, type Decided } from "../../domain-error.ts";
import { type Disposition, dispositionOf, failuresAfter } from "../../failure-policy.ts";
import type { FailStep } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { isTerminal, type OpenStep, type WorkflowState } from "../state.ts";
import { deliveryChoice } from "./delivery-choice.ts";
import { ownedStep } from "./run-step.ts";

/** A failed attempt is tried again, or parks the workflow for a person, or opens a gate, or ends it; the trailing Refiner's never does. */
export function failStep(state: WorkflowState, command: FailStep): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) return owned;
  const step = owned.value;
  const { code, message } = command.failure;
  const disposition = dispositionOf(code, failuresAfter(step, code), step.failed_attempts + 1);
  const place = { role: step.role, step_id: step.id, task_id: step.task_id };
  const { attempt, cycle } = step;
  const retry_at = disposition.kind === "retry" ? command.retry_at : null;
  const events = [newEvent("step.failed", { attempt, code, message, retry_at }, place)];
  if (step.role !== null) events.push(newEvent("role.failed", { attempt, cycle, code, message }, place));
  if (disposition.kind === "retry") return accept(events);
  const task = step.task_id === null ? undefined : state.tasks.get(step.task_id);
  if (task) events.push(newEvent("task.failed", { title: task.title, code, message }, place));
  if (step.kind === "delivery") {
    events.push(newEvent("delivery.failed", { action: deliveryChoice(state).action, code, message }, place));
  }
  return accept([...events, ...consequence(state, step, disposition, command.failure)]);
}

const STATUS_AFTER = { park: "paused", gate: "awaiting_approval", fail: "failed" } as const;

function consequence(
  state: WorkflowState,
  step: OpenStep,
  disposition: Exclude<Disposition, { kind: "retry" }>,
  failure: FailStep["failure"],
): NewEvent[] {
  const { status } = state.head;
  if (step.role === "refiner") return [newEvent("workflow.closed", { status })];
  if (isTerminal(status)) return [];
  if (disposition.kind === "gate" && status !== "running") return [];
  const place = { role: step.role, step_id: step.id, task_id: step.task_id };
  const to = STATUS_AFTER[disposition.kind];
  const reason = disposition.kind === "fail" ? failure.code : disposition.reason;
  return [newEvent("state.transition", { from: status, to, reason, message: failure.message }, place)];
}
