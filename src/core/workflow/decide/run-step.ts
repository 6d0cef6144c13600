import { accept, type Decided, reject } from "../../domain-error.ts";
import type { RecordInStep, StartStep } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { next } from "../next.ts";
import { openStep, type OpenStep, type StepSpec, type WorkflowState } from "../state.ts";
import { deliveryOfStep } from "../step-ids.ts";
import { deliveryChoice } from "./delivery-choice.ts";

export function startStep(state: WorkflowState, command: StartStep): Decided<readonly NewEvent[]> {
  const step = next(state).find((runnable) => runnable.id === command.step_id);
  if (!step) return reject("step_not_runnable", `Step ${command.step_id} can't start now.`);
  const before = openStep(state, step.id);
  const attempt = (before?.attempt ?? 0) + 1;
  // Every attempt builds on the same, but one whose work was overtaken: that is done again on what there is now.
  const overtaken = before?.last_failure === "conflicting_output";
  const base = before && !overtaken ? before.base : state.artifacts.size;
  const place = { role: step.role, step_id: step.id, task_id: step.task_id };
  const { kind, cycle } = step;
  const { owner, lease_until, tree_hash } = command;
  const events: NewEvent[] = [];
  if (state.head.status === "pending") {
    events.push(
      newEvent("state.transition", { from: "pending", to: "running", reason: null, message: null }),
    );
  }
  events.push(...firstDelivery(state, step, tree_hash));
  events.push(newEvent("step.started", { kind, cycle, attempt, owner, lease_until, tree_hash, base }, place));
  if (step.role !== null) events.push(newEvent("role.started", { attempt, cycle }, place));
  const task = step.task_id === null ? undefined : state.tasks.get(step.task_id);
  if (task) events.push(newEvent("task.started", { title: task.title, attempt }, place));
  return accept(events);
}

/** The delivery that the pipeline comes to is asked for by its own first attempt. */
function firstDelivery(state: WorkflowState, step: StepSpec, tree_hash: string | null): NewEvent[] {
  if (step.kind !== "delivery") return [];
  const known = state.deliveries.get(deliveryOfStep(step.id));
  if (known !== undefined && known.requested_at !== null) return [];
  const ordinal = state.head.later_deliveries + 1;
  const asked = { id: `d${ordinal}`, ordinal, requested_by: "workflow" as const, tree_hash };
  return [newEvent("delivery.requested", { ...asked, ...deliveryChoice(state) })];
}

/** Facts of the attempt that owns the step; of any other only what a call has cost that was thought lost. */
export function recordInStep(state: WorkflowState, command: RecordInStep): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) {
    const late = lateCalls(state, command);
    return late.length > 0 ? accept(late) : owned;
  }
  const { role, task_id, id } = owned.value;
  const place = { role, task_id, step_id: id };
  return accept(command.records.map((record) => ({ ...record, ...place })));
}

function lateCalls({ head }: WorkflowState, { step_id, attempt, records }: RecordInStep): NewEvent[] {
  if (head.closed) return [];
  return records.flatMap((record) => {
    if (record.type !== "model.called") return [];
    const lost = head.in_doubt.find(
      (call) =>
        call.step_id === step_id && call.attempt === attempt && call.ordinal === record.payload.ordinal,
    );
    return lost ? [{ ...record, role: lost.role, task_id: lost.task_id, step_id }] : [];
  });
}

/** The running step that this attempt still owns. */
export function ownedStep(
  state: WorkflowState,
  claim: { readonly step_id: string; readonly attempt: number },
): Decided<OpenStep> {
  const step = openStep(state, claim.step_id);
  if (step?.status !== "running" || step.attempt !== claim.attempt) {
    return reject("stale_attempt", `Attempt ${claim.attempt} no longer owns step ${claim.step_id}.`);
  }
  return accept(step);
}
