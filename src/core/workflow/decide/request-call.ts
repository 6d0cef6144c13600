import { accept, type Decided } from "../../domain-error.ts";
import { AT_ONCE, type FailureCode } from "../../failure-policy.ts";
import { beyondBudget } from "../budget.ts";
import type { RequestModelCall } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import type { WorkflowState } from "../state.ts";
import { failStep } from "./fail-step.ts";
import { ownedStep } from "./run-step.ts";

/** Lets a model call leave, or gives the step back: at a gate, at the edge of the budget, or because a person has paused. */
export function requestModelCall(
  state: WorkflowState,
  command: RequestModelCall,
): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) return owned;
  const { id: step_id, role, task_id } = owned.value;
  const refusal = refusalOfCall(state, command);
  if (refusal === null)
    return accept([newEvent("model.requested", command.call, { role, task_id, step_id })]);
  const { attempt, at, actor } = command;
  const failure = { ...refusal, retry_after_ms: null };
  return failStep(state, { type: "step.fail", step_id, attempt, failure, retry_at: AT_ONCE, at, actor });
}

function refusalOfCall(
  state: WorkflowState,
  { call, at }: RequestModelCall,
): { readonly code: FailureCode; readonly message: string } | null {
  const { status, waiting } = state.head;
  if (status === "paused" && waiting?.reason === "asked")
    return { code: "released", message: "The workflow is paused; the step goes on when it is resumed." };
  const message = waiting?.kind === "gate" ? waiting.message : beyondBudget(state, call, at);
  return message === null ? null : { code: "budget_exhausted", message };
}
