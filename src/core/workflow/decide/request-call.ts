import { accept, type Decided } from "../../domain-error.ts";
import { beyondBudget } from "../budget.ts";
import type { RequestModelCall } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import type { WorkflowState } from "../state.ts";
import { failStep } from "./fail-step.ts";
import { ownedStep } from "./run-step.ts";

/** Lets a model call leave, or gives the step back and opens the budget gate. */
export function requestModelCall(
  state: WorkflowState,
  command: RequestModelCall,
): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) return owned;
  const { id: step_id, role, task_id } = owned.value;
  const { waiting } = state.head;
  const refusal = waiting?.kind === "gate" ? waiting.message : beyondBudget(state, command.call, command.at);
  if (refusal === null)
    return accept([newEvent("model.requested", command.call, { role, task_id, step_id })]);
  const { attempt, at, actor } = command;
  const failure = { code: "budget_exhausted", message: refusal, retry_after_ms: null };
  return failStep(state, { type: "step.fail", step_id, attempt, failure, retry_at: at, at, actor });
}
