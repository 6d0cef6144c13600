import { checkOf, isMechanical } from "../../check.ts";
import type { Receipt } from "../../receipt.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { type FindingState, isTerminal, openFindings, type OpenStep, type WorkflowState } from "../state.ts";
import { criteriaOf } from "./verdicts.ts";

/**
 * Receipts into the journal. When the work can't be judged because something is missing around the work, no model is asked
 * and no cycle is spent: the workflow waits for a person, and the step is run again then.
 */
export function completeValidation(
  state: WorkflowState,
  step: OpenStep,
  receipts: readonly Receipt[],
): NewEvent[] {
  const place = { role: step.role, step_id: step.id, task_id: null };
  const before = state.receipts.size;
  const events: NewEvent[] = receipts.map((receipt, index) => {
    const ordinal = before + index + 1;
    return newEvent("receipt.recorded", { ...receipt, id: `r${ordinal}`, ordinal, cycle: step.cycle }, place);
  });
  const undecided = receipts.filter((receipt) => isUndecided(state, receipt));
  const { attempt } = step;
  const { status } = state.head;
  const [first] = undecided;
  if (!first || isTerminal(status)) return [...events, newEvent("step.completed", { attempt }, place)];
  const reason = first.missing === "sandbox" ? "sandbox_unavailable" : "toolchain_unavailable";
  const names = undecided.map(({ name }) => name).join(", ");
  const message = `${names} can't be decided: ${first.message ?? "something is missing"} Then resume; or waive what you can do without.`;
  events.push(newEvent("step.failed", { attempt, code: reason, message, retry_at: null }, place));
  if (status !== "paused")
    events.push(newEvent("state.transition", { from: status, to: "paused", reason, message }, place));
  return events;
}

/** Undecided are a must's own check, and a stage that has failed before: nobody can say that it does not any more. */
function isUndecided(state: WorkflowState, { status, criterion, name, blocks }: Receipt): boolean {
  if (status !== "unavailable") return false;
  if (criterion === null) return blocks && openFindings(state).some((one) => isFailureOf(name, one));
  if (state.waivers.has(criterion)) return false;
  const known = criteriaOf(state).find(({ id }) => id === criterion);
  return known?.level === "must" && isMechanical(checkOf(known));
}

function isFailureOf(stage: string, { component, raised_by, severity }: FindingState): boolean {
  return raised_by === "engine" && severity === "blocking" && component === stage;
}
