import { type BudgetPeriod, budgetPeriods } from "../config/budget-periods.ts";
import type { Config } from "../config/config.ts";
import { toDollars, toMicroDollars } from "../core/micro-dollars.ts";
import type { Reserved, SpendAmount, SpendLedger } from "../ports/spend-ledger.ts";
import type { Storage } from "../ports/storage.ts";
import type { SpendCounter, SpendLimit, SpendSum } from "../ports/usage.ts";

type Parts = { readonly storage: Pick<Storage, "forTenant">; readonly budgets: Config["budgets"] };

const RESERVED: Reserved = { ok: true };
const NOTHING: SpendSum = { cost_micro_usd: 0, tokens: 0, model_calls: 0 };

/** The configured budgets over counters in the store. Budgets without a limit cost nothing: they are not counted. */
export function createSpendLedger({ storage, budgets }: Parts): SpendLedger {
  return {
    reserve: async (place, worstCase) => {
      const periods = budgetPeriods(budgets, place);
      if (periods.length === 0) return RESERVED;
      const asked = sumOf(worstCase, 1);
      const standing = await storage.forTenant(place.tenant_id).reserveSpend(periods.map(limitOf), asked);
      return standing === null ? RESERVED : refusal(periods, standing, asked);
    },
    settle: async (place, reserved, spent) => {
      const before = sumOf(reserved, 1);
      const after = spent === null ? NOTHING : sumOf(spent, 1);
      const difference: SpendSum = {
        cost_micro_usd: after.cost_micro_usd - before.cost_micro_usd,
        tokens: after.tokens - before.tokens,
        model_calls: after.model_calls - before.model_calls,
      };
      if (Object.values(difference).every((sum) => sum === 0)) return;
      const periods = budgetPeriods(budgets, place);
      if (periods.length > 0) await storage.forTenant(place.tenant_id).settleSpend(periods, difference);
    },
  };
}

function sumOf({ cost_usd, tokens }: SpendAmount, model_calls: number): SpendSum {
  return { cost_micro_usd: toMicroDollars(cost_usd ?? 0), tokens, model_calls };
}

function limitOf({ scope_id, period, budget }: BudgetPeriod): SpendLimit {
  return {
    scope_id,
    period,
    cost_micro_usd: budget.max_cost_usd === null ? null : toMicroDollars(budget.max_cost_usd),
    tokens: budget.max_tokens,
    model_calls: budget.max_model_calls,
  };
}

const SUMS = ["cost_micro_usd", "tokens", "model_calls"] as const;
type Sum = (typeof SUMS)[number];

function refusal(
  periods: readonly BudgetPeriod[],
  standing: readonly SpendCounter[],
  asked: SpendSum,
): Reserved {
  const edges = periods.flatMap((period) => {
    const used = standing.find(
      (counter) => counter.scope_id === period.scope_id && counter.period === period.period,
    );
    const limit = limitOf(period);
    return SUMS.flatMap((sum) => {
      const most = limit[sum];
      return most === null ? [] : [{ period, sum, most, used: used?.[sum] ?? 0, asked: asked[sum] }];
    });
  });
  const passed = edges.filter((edge) => edge.used + edge.asked > edge.most);
  // Of several the one that ends last: before it nothing goes on. None is left when others gave room back just now.
  const last = (passed.length > 0 ? passed : edges).toSorted((left, right) =>
    left.period.resets_at < right.period.resets_at ? 1 : -1,
  )[0];
  if (last === undefined) throw new Error("a reservation was refused although no budget has a limit");
  return { ok: false, message: messageOf(last), resets_at: last.period.resets_at };
}

type Edge = {
  readonly period: BudgetPeriod;
  readonly sum: Sum;
  readonly most: number;
  readonly used: number;
  readonly asked: number;
};

function messageOf({ period, sum, most, used, asked }: Edge): string {
  const { of, per, scope_id, resets_at } = period;
  const whose = of === "tenant" ? "the tenant" : `scope ${scope_id}`;
  const setting = `budgets.${of}.${per}`;
  return (
    `The budget of ${whose} for this ${per} is ${amountText(sum, most)}, of which ${amountText(sum, used)} are used or set aside; ` +
    `the next model call may take ${amountText(sum, asked)}. Raise ${setting}, or go on after ${resets_at}.`
  );
}

function amountText(sum: Sum, amount: number): string {
  switch (sum) {
    case "cost_micro_usd": {
      const usd = toDollars(amount);
      return `$${usd.toFixed(usd > 0 && usd < 0.1 ? 4 : 2)}`;
    }
    case "tokens":
      return `${amount} tokens`;
    case "model_calls":
      return amount === 1 ? "1 model call" : `${amount} model calls`;
  }
}
