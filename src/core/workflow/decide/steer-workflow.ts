import type { AcceptanceCriterion } from "../../documents.ts";
import { accept, type Decided, reject } from "../../domain-error.ts";
import type { Budget, BudgetChange } from "../../workflow-config.ts";
import { budgetUse, isUsedUp } from "../budget.ts";
import type { ResumeWorkflow } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { awaitsDelivery } from "../next.ts";
import { isTerminal, newestDelivery, openFindings, type OpenStep, type WorkflowState } from "../state.ts";
import { awaitsApproval } from "./approvals.ts";
import { isInDoubt, isUnsettled } from "./deliveries.ts";
import { criteriaOf } from "./verdicts.ts";

/** Pausing a paused workflow changes nothing: the wish is met. */
export function pauseWorkflow(state: WorkflowState): Decided<readonly NewEvent[]> {
  const { status } = state.head;
  if (status === "paused") return accept([]);
  if (isTerminal(status))
    return reject("already_closed", `The workflow is ${status}; there is nothing to pause.`);
  return accept([
    newEvent("state.transition", {
      from: status,
      to: "paused",
      reason: "asked",
      message: "Paused on request; resume it to go on.",
    }),
  ]);
}

export function resumeWorkflow(state: WorkflowState, command: ResumeWorkflow): Decided<readonly NewEvent[]> {
  const refusal = refusalOfResume(state);
  if (refusal !== null) return refusal;
  const { status, cycle, error } = state.head;
  const doubtful = state.head.open_steps.filter(isInDoubt);
  if (doubtful.length > 0 && command.outcome === null) {
    return reject(
      "outcome_needed",
      "Find out whether the outside effect has happened, then resume with outcome happened or repeat.",
    );
  }
  const budget = changedBudget(state.settings.budget, command.budget);
  // Handing over costs nothing.
  if (!awaitsDelivery(state) && isUsedUp(budget, budgetUse(state.head, command.at))) {
    return reject("budget_exhausted", "The workflow's budget is used up; resume it with a higher one.");
  }
  const retries = command.max_qa_retries ?? state.head.max_qa_retries;
  const ended = error?.code === "repair_exhausted" || error?.code === "stalled";
  const blocking = openFindings(state).filter((finding) => finding.severity === "blocking");
  const unmet = criteriaOf(state).filter((criterion) => isUnmet(state, criterion));
  const repairs = ended && blocking.length + unmet.length > 0;
  if (repairs && retries <= cycle) {
    return reject(
      "repair_exhausted",
      `All ${cycle} repair cycles are used. Resume with max_qa_retries above ${cycle} to allow another, or waive what you can do without.`,
    );
  }
  const events: NewEvent[] = [];
  if (command.max_qa_retries !== null || command.pinned !== null || command.budget !== null) {
    const pinned = command.pinned ?? state.settings.pinned;
    events.push(newEvent("settings.changed", { max_qa_retries: retries, pinned, budget }));
  }
  if (command.outcome !== null)
    for (const step of doubtful)
      events.push(newEvent("outcome.decided", { outcome: command.outcome }, placeOf(step)));
  for (const step of state.head.open_steps) if (step.role === "refiner") events.push(cancelled(step));
  // A question that was open when the workflow was paused is still open.
  const gate = state.approvals.get(state.head.approval ?? "")?.gate;
  if (gate !== undefined) return accept([...events, awaitsApproval(state, gate)]);
  events.push(
    newEvent("state.transition", { from: status, to: "running", reason: "resumed", message: null }),
  );
  if (repairs) {
    const findings = openFindings(state).map((finding) => finding.id);
    events.push(newEvent("repair.started", { cycle: cycle + 1, findings }));
  } else if (ended) events.push(acceptedAsItIs(state));
  return accept(events);
}

function refusalOfResume({ head }: WorkflowState): Decided<never> | null {
  const { status, error, waiting, approval } = head;
  if (status !== "paused" && status !== "failed" && waiting?.kind !== "gate") {
    return reject(
      "not_resumable",
      `The workflow is ${status}; only one that waits or has failed can be resumed.`,
    );
  }
  if (approval !== null && status === "awaiting_approval")
    return reject(
      "approval_needed",
      `Answer the approval ${approval}: approve, edit, request_changes or reject.`,
    );
  if (error?.code === "rejected")
    return reject("not_resumable", "The workflow was rejected by a person; start a new one.");
  return null;
}

export function cancelWorkflow(state: WorkflowState): Decided<readonly NewEvent[]> {
  const { status, open_steps } = state.head;
  if (status === "completed" || status === "cancelled") {
    return reject("already_closed", `The workflow is ${status}; there is nothing to cancel.`);
  }
  return accept([
    newEvent("state.transition", { from: status, to: "cancelled", reason: "asked", message: null }),
    ...open_steps.map(cancelled),
    ...deliveryGivenUp(state),
    newEvent("workflow.closed", { status: "cancelled" }),
  ]);
}

function isUnmet(state: WorkflowState, { id, level }: AcceptanceCriterion): boolean {
  return level === "must" && !state.waivers.has(id) && state.criteria.get(id)?.verdict !== "met";
}

function deliveryGivenUp(state: WorkflowState): NewEvent[] {
  const newest = newestDelivery(state);
  if (newest === null || !isUnsettled(newest)) return [];
  const { id, ordinal, action, status } = newest;
  const isUnderWay = status === "delivering";
  const reason = isUnderWay
    ? "The workflow was cancelled; look whether it has happened."
    : "The workflow was cancelled.";
  return [newEvent("delivery.skipped", { id, ordinal, action, reason })];
}

/** Everything that was open has been waived: the tree passes as it stands. */
function acceptedAsItIs({ head, artifacts }: WorkflowState): NewEvent {
  return newEvent("cycle.judged", {
    cycle: head.cycle,
    tree_hash: head.tree_hash ?? "",
    artifacts: artifacts.size,
    open_musts: 0,
    blocking: 0,
    open: [],
    progress: true,
    stagnant: 0,
    best: true,
    verdict: "waived",
  });
}

function cancelled(step: OpenStep): NewEvent {
  return newEvent("step.cancelled", { attempt: step.attempt }, placeOf(step));
}

function changedBudget(before: Budget, change: BudgetChange | null): Budget {
  const given = Object.entries(change ?? {}).filter(([, limit]) => limit !== undefined);
  return { ...before, ...Object.fromEntries(given) };
}

function placeOf({ role, task_id, id }: OpenStep) {
  return { role, task_id, step_id: id };
}
