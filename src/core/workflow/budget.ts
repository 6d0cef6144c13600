import { elapsedMs } from "../elapsed.ts";
import type { Budget } from "../workflow-config.ts";
import type { EventPayload } from "./events.ts";
import type { WorkflowHead, WorkflowState } from "./state.ts";

export type BudgetUse = {
  /** US dollars, of the calls whose price is known. */
  readonly cost_usd: number;
  readonly tokens: number;
  readonly model_calls: number;
  /** Seconds of running time; waiting does not count. */
  readonly duration_s: number;
};

/** What of a budget is used up or set aside: calls that were answered, are in flight, or whose end nobody heard. */
export function budgetUse(head: WorkflowHead, at: string): BudgetUse {
  const open = head.open_steps.flatMap(({ call }) => (call ? [call] : []));
  const pending = [...open, ...head.in_doubt];
  const sum = (of: readonly number[]): number => of.reduce((total, one) => total + one, 0);
  const since = head.running_since === null ? 0 : elapsedMs(head.running_since, at);
  return {
    cost_usd:
      sum(head.spend.map((spend) => spend.cost_usd)) +
      sum(pending.map((call) => call.reserved_cost_usd ?? 0)),
    tokens:
      sum(head.spend.map((spend) => spend.input_tokens + spend.output_tokens)) +
      sum(pending.map((call) => call.reserved_tokens)),
    model_calls: sum(head.spend.map((spend) => spend.model_calls)) + pending.length,
    duration_s: (head.worked_ms + since) / 1000,
  };
}

const NEXT = "Resume it with a higher budget.";

/** Why the call would go beyond the workflow's budget, in words for a person; null when it may leave. */
export function beyondBudget(
  { head, settings: { budget } }: WorkflowState,
  call: Pick<EventPayload<"model.requested">, "reserved_cost_usd" | "reserved_tokens">,
  at: string,
): string | null {
  const used = budgetUse(head, at);
  const { max_cost_usd, max_tokens, max_model_calls, max_duration_s } = budget;
  const cost = call.reserved_cost_usd ?? 0;
  if (max_cost_usd !== null && used.cost_usd + cost > max_cost_usd) {
    return `The budget of $${max_cost_usd} does not cover the next model call: ${dollars(used.cost_usd)} are used, and it may cost ${dollars(cost)}. ${NEXT}`;
  }
  if (max_tokens !== null && used.tokens + call.reserved_tokens > max_tokens) {
    return `The budget of ${max_tokens} tokens does not cover the next model call: ${used.tokens} are used, and it may take ${call.reserved_tokens}. ${NEXT}`;
  }
  if (max_model_calls !== null && used.model_calls >= max_model_calls)
    return `The budget of ${max_model_calls} model calls is used up. ${NEXT}`;
  if (max_duration_s !== null && used.duration_s >= max_duration_s)
    return `The budget of ${max_duration_s} s of running time is used up. ${NEXT}`;
  return null;
}

/** Whether nothing at all is left of a budget, so that going on with it is pointless. */
export function isUsedUp(budget: Budget, used: BudgetUse): boolean {
  return (
    reached(used.cost_usd, budget.max_cost_usd) ||
    reached(used.tokens, budget.max_tokens) ||
    reached(used.model_calls, budget.max_model_calls) ||
    reached(used.duration_s, budget.max_duration_s)
  );
}

function reached(used: number, limit: number | null): boolean {
  return limit !== null && used >= limit;
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)}`;
}
