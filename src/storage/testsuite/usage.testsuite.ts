import { beforeAll, describe, expect, test } from "vitest";

import type { ModelCallRow } from "../../core/workflow/commit.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import type { UsageQuery } from "../../ports/usage.ts";
import { aCommit, aModelCall } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

function call(changes: Partial<ModelCallRow> = {}): ModelCallRow {
  const usage = { input_tokens: 100, output_tokens: 10, cached_input_tokens: 5, reasoning_tokens: 0 };
  return aModelCall({ status: "answered", usage, cost_usd: 0.1, tokens: 110, ...changes });
}

const NOTHING = { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 };
const EARLIER = "2026-11-22T23:59:59.999Z";

/** One workflow in a scope, one in the tenant's root. */
const FIRST = [
  call({ ordinal: 1, role: "qa", created_at: EARLIER }),
  call({ ordinal: 2, cost_usd: 0.2 }),
  call({ ordinal: 3, status: "failed", usage: NOTHING, cost_usd: 0, tokens: 0 }),
  call({ ordinal: 4, status: "requested", usage: NOTHING, cost_usd: 0.5, tokens: 900 }),
];
const SECOND = [
  call({ ordinal: 1, provider: "gateway", model_asked: "llama", cost_usd: null }),
  call({ ordinal: 2, status: "requested", usage: NOTHING, cost_usd: null, tokens: 700 }),
];

const EVER: UsageQuery = {
  from: "2026-11-01",
  to: "2026-11-23",
  group_by: [],
  scope_id: null,
  workflow_id: null,
};
const NO_KEYS = { day: null, scope_id: null, role: null, model: null, workflow_id: null };

export function usageSuite(store: StoreUnderTest): void {
  describe("usage", () => {
    let tenant: TenantStorage;
    beforeAll(async () => {
      tenant = store.storage().forTenant(freshTenant());
      for (const [workflow_id, scope_id, model_calls] of [
        ["w1", "team", FIRST],
        ["w2", null, SECOND],
      ] as const) {
        const tenant_id = tenant.tenantId;
        const commit = aCommit({ tenant_id, workflow_id, model_calls, head: { scope_id } });
        expect(await tenant.commit(commit)).toEqual({ ok: true });
      }
    });
    const ask = (changes: Partial<UsageQuery> = {}) => tenant.readUsage({ ...EVER, ...changes });

    test("sums up what has ended, apart from what is in doubt or has no price", async () => {
      expect(await ask()).toEqual([
        {
          ...NO_KEYS,
          model_calls: 4,
          failed_calls: 1,
          input_tokens: 300,
          output_tokens: 30,
          cached_input_tokens: 15,
          cost_micro_usd: 300_000,
          calls_without_price: 1,
          calls_in_doubt: 2,
          in_doubt_tokens: 1_600,
          in_doubt_cost_micro_usd: 500_000,
          in_doubt_without_price: 1,
        },
      ]);
    });

    test("days are those of UTC, and both ends are included", async () => {
      const days = async (from: string, to: string) =>
        (await ask({ from, to, group_by: ["day"] })).map(({ day, model_calls }) => [day, model_calls]);
      expect(await days("2026-11-22", "2026-11-23")).toEqual([
        ["2026-11-22", 1],
        ["2026-11-23", 3],
      ]);
      expect(await days("2026-11-22", "2026-11-22")).toEqual([["2026-11-22", 1]]);
      expect(await days("2026-11-24", "2026-11-30")).toEqual([]);
    });

    test("groups by whatever is named, in one order on every store", async () => {
      const rows = await ask({ group_by: ["scope", "model", "role"] });
      expect(
        rows.map(({ scope_id, role, model, model_calls }) => [scope_id, role, model, model_calls]),
      ).toEqual([
        [null, "implementer", "gateway/llama", 1],
        [null, "implementer", "openai/gpt-5", 0],
        ["team", "implementer", "openai/gpt-5", 2],
        ["team", "qa", "openai/gpt-5", 1],
      ]);
      expect((await ask({ group_by: ["workflow"] })).map((row) => row.workflow_id)).toEqual(["w1", "w2"]);
    });

    test("counts only the scope or the workflow that is asked for", async () => {
      expect(await ask({ scope_id: "team" })).toMatchObject([{ model_calls: 3, calls_without_price: 0 }]);
      expect(await ask({ workflow_id: "w2" })).toMatchObject([{ model_calls: 1, calls_in_doubt: 1 }]);
      expect(await ask({ scope_id: "team", workflow_id: "w2" })).toMatchObject([{ model_calls: 0 }]);
      expect(await ask({ scope_id: "other", group_by: ["role"] })).toEqual([]);
    });

    test("lists the model calls of one step", async () => {
      expect(await tenant.listModelCalls("w1", "task:a#0")).toEqual(
        FIRST.toSorted((left, right) => (left.created_at < right.created_at ? -1 : 1)),
      );
      expect(await tenant.listModelCalls("w1", "task:b#0")).toEqual([]);
    });
  });
}
