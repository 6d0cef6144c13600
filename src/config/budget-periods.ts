import type { Config, SharedBudget } from "./config.ts";

export type BudgetPeriod = {
  /** Whose budget it is: all of the tenant's workflows, or those of one scope. */
  readonly of: "tenant" | "scope";
  readonly per: "day" | "month";
  readonly scope_id: string | null;
  /** `2026-11` or `2026-11-23`, in UTC. */
  readonly period: string;
  /** When the period ends, RFC 3339 in UTC. */
  readonly resets_at: string;
  readonly budget: SharedBudget;
};

/** The budgets with a limit that a call of this scope at this time counts against, the tenant's first. */
export function budgetPeriods(
  budgets: Config["budgets"],
  place: { readonly scope_id: string | null; readonly at: string },
): BudgetPeriod[] {
  return (["tenant", "scope"] as const).flatMap((of) => {
    if (of === "scope" && place.scope_id === null) return [];
    const scope_id = of === "scope" ? place.scope_id : null;
    return (["month", "day"] as const).flatMap((per) => {
      const budget = budgets[of][per];
      if (Object.values(budget).every((limit) => limit === null)) return [];
      return [{ of, per, scope_id, budget, ...periodOf(place.at, per) }];
    });
  });
}

function periodOf(at: string, per: "day" | "month"): Pick<BudgetPeriod, "period" | "resets_at"> {
  const time = new Date(at);
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  const end = per === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1);
  const period = time.toISOString().slice(0, per === "day" ? "2026-11-23".length : "2026-11".length);
  return { period, resets_at: new Date(end).toISOString() };
}
