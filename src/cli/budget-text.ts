import type { WorkflowView } from "../contract/workflow-view.ts";
import type { Budget } from "../core/workflow-config.ts";
import { BUDGET_FLAGS } from "./budget-options.ts";
import { dollars } from "./cost-text.ts";
import { countText, plural } from "./progress/wording.ts";

/** `$0.05, $0.03 left`, limit by limit; null when nothing is limited. */
export function budgetText({ left, ...most }: WorkflowView["budget"]): string | null {
  const { max_cost_usd, max_tokens, max_model_calls, max_duration_s } = most;
  const limits = [
    max_cost_usd === null ? null : `${dollars(max_cost_usd)}, ${dollars(left.cost_usd ?? 0)} left`,
    max_tokens === null ? null : `${plural(max_tokens, "token")}, ${countText(left.tokens ?? 0)} left`,
    max_model_calls === null
      ? null
      : `${plural(max_model_calls, "model call")}, ${countText(left.model_calls ?? 0)} left`,
    max_duration_s === null
      ? null
      : `${countText(max_duration_s)} s, ${countText(Math.floor(left.duration_s ?? 0))} s left`,
  ].filter((limit) => limit !== null);
  return limits.length === 0 ? null : limits.join("; ");
}

/** How the gate speaks of each limit of a workflow's own budget. Shared budgets are named by whose they are. */
const OWN_LIMITS: Readonly<Record<keyof Budget, RegExp>> = {
  max_cost_usd: /^The budget of \$[\d.e-]+ /,
  max_tokens: /^The budget of \d+ tokens /,
  max_model_calls: /^The budget of \d+ model calls /,
  max_duration_s: /^The budget of \d+ s /,
};

/** The flag, with a stand-in for its value, that raises what the workflow waits for; null when that is not its own. */
export function raisingFlag({ budget, waiting }: Pick<WorkflowView, "budget" | "waiting">): string | null {
  if (waiting?.reason !== "budget") return null;
  const limits = Object.keys(OWN_LIMITS) as (keyof Budget)[];
  const reached = limits.find((limit) => budget[limit] !== null && OWN_LIMITS[limit].test(waiting.message));
  return reached === undefined ? null : `${BUDGET_FLAGS[reached].flag} ${BUDGET_FLAGS[reached].value}`;
}
