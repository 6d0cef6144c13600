import { describe, expect, test } from "vitest";

import type { SpendLimit } from "../../ports/usage.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const MONTH = { scope_id: null, period: "2026-11" };
const DAY = { scope_id: null, period: "2026-11-23" };
const TEAM = { scope_id: "team", period: "2026-11-23" };
const ALL = [MONTH, DAY, TEAM];
const OPEN = { cost_micro_usd: null, tokens: null, model_calls: null };

function limit(key: typeof TEAM | typeof DAY, most: Partial<SpendLimit> = {}): SpendLimit {
  return { ...OPEN, ...key, ...most };
}

function amount(cost_micro_usd: number, tokens: number, model_calls = 1) {
  return { cost_micro_usd, tokens, model_calls };
}

export function spendSuite(store: StoreUnderTest): void {
  describe("shared budgets", () => {
    const open = () => store.storage().forTenant(freshTenant());
    const bySum = async (tenant: ReturnType<typeof open>) => {
      const counters = await tenant.readSpend(ALL);
      return ALL.map(
        (key) =>
          counters.find(({ scope_id, period }) => scope_id === key.scope_id && period === key.period) ?? null,
      );
    };

    test("a call counts against all of its budgets", async () => {
      const tenant = open();
      const limits = ALL.map((key) => limit(key));
      expect(await tenant.reserveSpend(limits, amount(700, 30))).toBeNull();
      expect(await tenant.reserveSpend(limits.slice(0, 2), amount(1, 2))).toBeNull();
      expect(await bySum(tenant)).toEqual([
        { ...MONTH, ...amount(701, 32, 2) },
        { ...DAY, ...amount(701, 32, 2) },
        { ...TEAM, ...amount(700, 30) },
      ]);
    });

    test.each([
      ["cost", { cost_micro_usd: 100 }],
      ["tokens", { tokens: 100 }],
      ["calls", { model_calls: 4 }],
    ])("a limit of %s may be reached and not passed, and a refusal changes no counter", async (_, most) => {
      const tenant = open();
      const limits = [limit(MONTH), limit(DAY), limit(TEAM, most)];
      for (let call = 0; call < 4; call += 1) {
        expect(await tenant.reserveSpend(limits, amount(25, 25))).toBeNull();
      }
      const standing = await tenant.reserveSpend(limits, amount(25, 25));
      expect(standing).toEqual(
        expect.arrayContaining(ALL.map((key) => ({ ...key, ...amount(100, 100, 4) }))),
      );
      expect(await bySum(tenant)).toEqual(ALL.map((key) => ({ ...key, ...amount(100, 100, 4) })));
      expect(await tenant.reserveSpend(limits.slice(0, 2), amount(25, 25))).toBeNull();
    });

    test("the first of a period is refused as well when it asks for too much", async () => {
      const tenant = open();
      const limits = [limit(MONTH), limit(DAY, { tokens: 9 })];
      expect(await tenant.reserveSpend(limits, amount(0, 10))).toEqual([]);
      expect(await tenant.readSpend(ALL)).toEqual([]);
    });

    test("what was not spent is free again, and more than was reserved counts too", async () => {
      const tenant = open();
      const limits = [limit(MONTH, { tokens: 100 }), limit(TEAM)];
      expect(await tenant.reserveSpend(limits, amount(50, 100))).toBeNull();
      expect(await tenant.reserveSpend(limits, amount(0, 1))).not.toBeNull();
      await tenant.settleSpend([TEAM, MONTH], amount(-20, -40, 0));
      expect(await tenant.reserveSpend(limits, amount(10, 40))).toBeNull();
      await tenant.settleSpend([MONTH, TEAM], amount(5, 7, 0));
      expect((await bySum(tenant)).filter(Boolean)).toEqual([
        { ...MONTH, ...amount(45, 107, 2) },
        { ...TEAM, ...amount(45, 107, 2) },
      ]);
    });

    test("sums beyond 32 bits stay exact", async () => {
      const tenant = open();
      const limits = [limit(MONTH, { cost_micro_usd: 9_000_000_000_000 })];
      expect(await tenant.reserveSpend(limits, amount(8_999_999_999_999, 5_000_000_000))).toBeNull();
      expect(await tenant.reserveSpend(limits, amount(2, 0))).not.toBeNull();
      expect(await tenant.reserveSpend(limits, amount(1, 0))).toBeNull();
      expect((await bySum(tenant))[0]).toEqual({ ...MONTH, ...amount(9_000_000_000_000, 5_000_000_000, 2) });
    });

    test("without budgets nothing is written or asked", async () => {
      const tenant = open();
      expect(await tenant.reserveSpend([], amount(1, 1))).toBeNull();
      await tenant.settleSpend([], amount(1, 1));
      expect(await tenant.readSpend([])).toEqual([]);
    });
  });
}
