import { accept, type Decided, reject } from "../../domain-error.ts";
import type { RequestDelivery, SkipDelivery } from "../commands.ts";
import type { DeliveryState } from "../delivery-state.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { awaitsDelivery } from "../next.ts";
import { newestDelivery, type OpenStep, openStep, type WorkflowState } from "../state.ts";
import { deliveryStep } from "../step-ids.ts";
import { deliveryAskedFor, deliveryChoice } from "./delivery-choice.ts";

const TAKEN_OVER = "Another delivery was asked for in its place.";

/**
 * A person has the finished tree handed over: in the place of a delivery that waits or has failed, or once more after
 * the workflow is completed. Only what was accepted as done can be delivered.
 */
export function requestDelivery(
  state: WorkflowState,
  command: RequestDelivery,
): Decided<readonly NewEvent[]> {
  const refusal = refusalOf(state);
  if (refusal !== null) return refusal;
  const { head } = state;
  const newest = newestDelivery(state);
  const { action, config } = command.delivery ?? deliveryAskedFor(state);
  const ordinal = (newest?.ordinal ?? 0) + 1;
  const requested = newEvent("delivery.requested", {
    id: `d${ordinal}`,
    ordinal,
    action,
    config,
    requested_by: "person",
    tree_hash: head.tree_hash,
  });
  const goesOn = head.status === "paused" || head.status === "awaiting_approval";
  return accept([
    ...takenOver(state, TAKEN_OVER),
    requested,
    ...(goesOn
      ? [newEvent("state.transition", { from: head.status, to: "running", reason: "resumed", message: null })]
      : []),
  ]);
}

/** The workflow ends as completed without handing anything over. */
export function skipDelivery(state: WorkflowState, { reason }: SkipDelivery): Decided<readonly NewEvent[]> {
  const { status } = state.head;
  const refusal = refusalOf(state);
  if (refusal !== null) return refusal;
  if (status === "completed") {
    const events = takenOver(state, reason);
    if (events.length === 0)
      return reject("not_deliverable", "No delivery of this workflow waits; there is nothing to skip.");
    return accept([...events, ...closingAfterDelivery(state)]);
  }
  const newest = newestDelivery(state);
  const { ordinal, action } = newest ?? { ordinal: 1, ...deliveryChoice(state) };
  return accept([
    ...stepGivenUp(state),
    newEvent("delivery.skipped", { id: `d${ordinal}`, ordinal, action, reason }),
    newEvent("state.transition", { from: status, to: "completed", reason: null, message: null }),
  ]);
}

/** The last event of a completed workflow, once its trailing steps are over. */
export function closingAfterDelivery({ head }: WorkflowState): NewEvent[] {
  return head.refined ? [newEvent("workflow.closed", { status: head.status })] : [];
}

/** As `closingAfterDelivery`, when the Refiner was the last. */
export function closingAfterRefiner(state: WorkflowState): NewEvent[] {
  const { status } = state.head;
  const isLast = status !== "completed" || !isUnsettled(newestDelivery(state));
  return isLast ? [newEvent("workflow.closed", { status })] : [];
}

/** Whether a delivery is still to be made or waits to be tried again. */
export function isUnsettled(delivery: DeliveryState | null): boolean {
  return delivery?.status === "pending" || delivery?.status === "delivering";
}

function refusalOf(state: WorkflowState): Decided<never> | null {
  const { status, approval } = state.head;
  const step = openStep(state, deliveryStep(state.head));
  if (step?.status === "running")
    return reject("delivery_running", "A delivery is being made; wait for its end.");
  if (step !== undefined && isInDoubt(step))
    return reject(
      "outcome_needed",
      "Nobody heard how the last delivery ended. Find out whether it has happened, then resume with outcome happened or repeat.",
    );
  if (status === "completed") return null;
  if (approval !== null)
    return reject("approval_needed", `Answer the approval ${approval}: approve, request_changes or reject.`);
  const isOpen = status === "paused" || status === "running" || status === "awaiting_approval";
  if (isOpen && awaitsDelivery(state)) return null;
  return reject(
    "not_deliverable",
    `The workflow is ${status} and its work is not accepted as done; only what is can be delivered. What there is can be read and downloaded.`,
  );
}

/** The delivery that waits gives way. One that has failed for good keeps saying so. */
function takenOver(state: WorkflowState, reason: string): NewEvent[] {
  const newest = newestDelivery(state);
  const events = stepGivenUp(state);
  if (newest === null || !isUnsettled(newest)) return events;
  const { id, ordinal, action } = newest;
  return [...events, newEvent("delivery.skipped", { id, ordinal, action, reason })];
}

function stepGivenUp(state: WorkflowState): NewEvent[] {
  const step = openStep(state, deliveryStep(state.head));
  if (!step) return [];
  const place = { role: null, step_id: step.id, task_id: null };
  return [newEvent("step.cancelled", { attempt: step.attempt }, place)];
}

/** Whether a person has yet to say how something outside has ended that this step has begun. */
export function isInDoubt({ status, last_failure, outcome }: OpenStep): boolean {
  return status === "queued" && last_failure === "outcome_unknown" && outcome === null;
}
