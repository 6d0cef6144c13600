import { accept, type Decided } from "../../domain-error.ts";
import { type Disposition, dispositionOf, failuresAfter } from "../../failure-policy.ts";
import type { FailStep } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { isTerminal, newestDelivery, type OpenStep, type WorkflowState } from "../state.ts";
import { closingAfterDelivery, closingAfterRefiner } from "./deliveries.ts";
import { deliveryChoice } from "./delivery-choice.ts";
import { ownedStep } from "./run-step.ts";

/** A failed attempt is tried again, or parks the workflow for a person, or opens a gate, or ends it; the trailing Refiner's never does. */
export function failStep(state: WorkflowState, command: FailStep): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) return owned;
  const step = owned.value;
  const { code, message } = command.failure;
  const disposition = withoutLoss(
    step,
    dispositionOf(code, failuresAfter(step, code), step.failed_attempts + 1),
  );
  const place = { role: step.role, step_id: step.id, task_id: step.task_id };
  const { attempt, cycle } = step;
  const retry_at = disposition.kind === "retry" ? command.retry_at : null;
  const events = [newEvent("step.failed", { attempt, code, message, retry_at }, place)];
  if (step.role !== null) events.push(newEvent("role.failed", { attempt, cycle, code, message }, place));
  if (disposition.kind === "retry") return accept(events);
  const task = step.task_id === null ? undefined : state.tasks.get(step.task_id);
  if (task) events.push(newEvent("task.failed", { title: task.title, code, message }, place));
  // Where nobody waits any more, what nobody heard of is told and left to a person, never done again by itself.
  if (step.kind === "delivery" && (disposition.kind !== "gate" || isTerminal(state.head.status))) {
    const { action } = newestDelivery(state) ?? deliveryChoice(state);
    events.push(newEvent("delivery.failed", { action, code, message }, place));
  }
  return accept([...events, ...consequence(state, step, disposition, command.failure)]);
}

/** The work is done by the time it is handed over: whatever goes wrong then is for a person to mend. */
function withoutLoss(step: OpenStep, disposition: Disposition): Disposition {
  const isLost = step.kind === "delivery" && disposition.kind === "fail";
  return isLost ? { kind: "park", reason: "delivery_failed" } : disposition;
}

const STATUS_AFTER = { park: "paused", gate: "awaiting_approval", fail: "failed" } as const;

function consequence(
  state: WorkflowState,
  step: OpenStep,
  disposition: Exclude<Disposition, { kind: "retry" }>,
  failure: FailStep["failure"],
): NewEvent[] {
  const { status } = state.head;
  if (step.role === "refiner") return closingAfterRefiner(state);
  if (isTerminal(status)) return step.kind === "delivery" ? givenUp(state, step) : [];
  if (disposition.kind === "gate" && status !== "running") return [];
  const place = { role: step.role, step_id: step.id, task_id: step.task_id };
  const to = STATUS_AFTER[disposition.kind];
  const reason = disposition.kind === "fail" ? failure.code : disposition.reason;
  return [newEvent("state.transition", { from: status, to, reason, message: failure.message }, place)];
}

/** A delivery of a completed workflow that has failed is over: it can be asked for again. */
function givenUp(state: WorkflowState, { id, attempt }: OpenStep): NewEvent[] {
  const place = { role: null, step_id: id, task_id: null };
  return [newEvent("step.cancelled", { attempt }, place), ...closingAfterDelivery(state)];
}
