import type { SharedBudgetView, UsageView } from "../contract/usage-view.ts";
import { costText, dollars } from "./cost-text.ts";
import { countText, plural } from "./progress/wording.ts";
import { table } from "./table.ts";

const HEADINGS = { day: "day", scope: "scope", role: "role", model: "model", workflow: "workflow" } as const;
const KEYS = {
  day: "day",
  scope: "scope_id",
  role: "role",
  model: "model",
  workflow: "workflow_id",
} as const;

type Sums = UsageView["totals"];

/** Usage for a person: a line a group, then all of it, then the shared budgets. */
export function usageLines({ group_by, data, totals, budgets }: UsageView): string[] {
  const groups = [...new Set(group_by)];
  const heading = [...groups.map((group) => HEADINGS[group]), "calls", "tokens in", "out", "cost"];
  const rows = data.map((row) => [...groups.map((group) => row[KEYS[group]] ?? "-"), ...sumCells(row)]);
  const all = [...groups.map((_, index) => (index === 0 ? "all" : "")), ...sumCells(totals)];
  return [
    ...(groups.length === 0 ? table([heading, all]) : table([heading, ...rows, all])),
    ...doubtLines(totals),
    ...(budgets.length === 0 ? [] : ["", "Budgets", ...table(budgets.map(budgetCells))]),
  ];
}

function sumCells(sums: Sums): string[] {
  return [
    countText(sums.model_calls),
    countText(sums.input_tokens),
    countText(sums.output_tokens),
    costText(sums),
  ];
}

function doubtLines({ calls_in_doubt, in_doubt_tokens, in_doubt_cost_usd }: Sums): string[] {
  if (calls_in_doubt === 0) return [];
  const cost = in_doubt_cost_usd === null ? "an unknown cost" : dollars(in_doubt_cost_usd);
  const most = `at most ${plural(in_doubt_tokens, "token")} and ${cost}`;
  return [`besides ${plural(calls_in_doubt, "call")} in flight or lost, ${most}`];
}

function budgetCells({ of, scope_id, per, resets_at, used, ...most }: SharedBudgetView): string[] {
  const { max_cost_usd, max_tokens, max_model_calls } = most;
  const parts = [
    ...(max_cost_usd === null ? [] : [`${dollars(used.cost_usd)} of ${dollars(max_cost_usd)}`]),
    ...(max_tokens === null ? [] : [`${countText(used.tokens)} of ${plural(max_tokens, "token")}`]),
    ...(max_model_calls === null ? [] : [`${used.model_calls} of ${plural(max_model_calls, "call")}`]),
  ];
  return [
    of === "tenant" ? "tenant" : `scope ${scope_id}`,
    `this ${per}`,
    parts.join(", "),
    `until ${resets_at}`,
  ];
}
