import { expect, test } from "vitest";

import { budgetPeriods } from "./budget-periods.ts";
import { Config } from "./config.ts";

const limits = { max_cost_usd: 1 };

function periods(budgets: unknown, at = "2026-12-31T23:59:59.999Z", scope_id: string | null = "team") {
  const config = Config.parse({ data_dir: "/d", database: "sqlite:x", budgets });
  return budgetPeriods(config.budgets, { scope_id, at });
}

test("without limits nothing is counted", () => expect(periods({})).toEqual([]));

test("each budget with a limit has its period, which ends in UTC", () => {
  const all = periods({ tenant: { day: limits, month: limits }, scope: { day: limits, month: limits } });
  expect(all.map(({ of, period, scope_id, resets_at }) => [of, period, scope_id, resets_at])).toEqual([
    ["tenant", "2026-12", null, "2027-01-01T00:00:00.000Z"],
    ["tenant", "2026-12-31", null, "2027-01-01T00:00:00.000Z"],
    ["scope", "2026-12", "team", "2027-01-01T00:00:00.000Z"],
    ["scope", "2026-12-31", "team", "2027-01-01T00:00:00.000Z"],
  ]);
});

test("the tenant's root is no scope", () => {
  expect(periods({ scope: { day: limits } }, "2026-11-23T00:00:00Z", null)).toEqual([]);
});

test("a time in another zone counts in UTC", () =>
  expect(periods({ tenant: { day: limits } }, "2026-11-23T23:30:00-05:00")[0]?.period).toBe("2026-11-24"));
