import { expect, test } from "vitest";

import type { UsageView } from "../contract/usage-view.ts";
import { usageLines } from "./usage-lines.ts";

const SUMS = {
  model_calls: 12,
  failed_calls: 1,
  input_tokens: 34_567,
  output_tokens: 890,
  cached_input_tokens: 0,
  cost_usd: 1.5,
  cost_usd_known: 1.5,
  calls_without_price: 0,
  calls_in_doubt: 0,
  in_doubt_tokens: 0,
  in_doubt_cost_usd: 0,
};
const UNPRICED = { cost_usd: null, calls_without_price: 1 };
const NO_KEYS = { day: null, scope_id: null, role: null, model: null, workflow_id: null };
const VIEW: UsageView = {
  from: "2026-11-01",
  to: "2026-11-30",
  group_by: [],
  data: [{ ...NO_KEYS, ...SUMS }],
  next_cursor: null,
  totals: SUMS,
  budgets: [],
};

test("without groups it is one line below the heading", () => {
  expect(usageLines(VIEW)).toEqual(["calls  tokens in  out  cost", "12     34,567     890  $1.50"]);
});

test("a line a group, then all; an unknown cost is called so", () => {
  const data = [
    {
      ...NO_KEYS,
      role: "qa" as const,
      model: "openai/gpt-5",
      ...SUMS,
      cost_usd: 0.0123,
      cost_usd_known: 0.0123,
    },
    { ...NO_KEYS, role: "qa" as const, model: "rack/llama", ...SUMS, ...UNPRICED, cost_usd_known: 0 },
  ];
  const totals = { ...SUMS, ...UNPRICED, cost_usd_known: 0.0123 };
  expect(usageLines({ ...VIEW, group_by: ["role", "model"], data, totals })).toEqual([
    "role  model         calls  tokens in  out  cost",
    "qa    openai/gpt-5  12     34,567     890  $0.0123",
    "qa    rack/llama    12     34,567     890  cost unknown",
    "all                 12     34,567     890  cost unknown, $0.0123 of it known",
  ]);
});

test("what is in doubt and the shared budgets follow", () => {
  const budget = {
    scope_id: null,
    period: "2026-11-23",
    resets_at: "2026-11-24T00:00:00.000Z",
    used: { cost_usd: 2, tokens: 1_500, model_calls: 3 },
  };
  const open = { max_cost_usd: null, max_tokens: null, max_model_calls: null };
  const budgets: UsageView["budgets"] = [
    { ...budget, ...open, of: "tenant", per: "day", max_cost_usd: 5 },
    {
      ...budget,
      ...open,
      of: "scope",
      scope_id: "team",
      per: "month",
      max_tokens: 9_000,
      max_model_calls: 8,
    },
  ];
  const totals = { ...SUMS, calls_in_doubt: 2, in_doubt_tokens: 9_000, in_doubt_cost_usd: null };
  expect(usageLines({ ...VIEW, totals, budgets }).slice(2)).toEqual([
    "besides 2 calls in flight or lost, at most 9,000 tokens and an unknown cost",
    "",
    "Budgets",
    "tenant      this day    $2.00 of $5.00                       until 2026-11-24T00:00:00.000Z",
    "scope team  this month  1,500 of 9,000 tokens, 3 of 8 calls  until 2026-11-24T00:00:00.000Z",
  ]);
});
