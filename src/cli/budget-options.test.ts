import { Command } from "@commander-js/extra-typings";
import { expect, test } from "vitest";

import { budgetOf, withBudgetOptions } from "./budget-options.ts";

function parsed(...words: string[]) {
  const command = withBudgetOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }));
  return budgetOf(command.parse(words, { from: "user" }).opts());
}

test.each([
  [[], undefined],
  [["--max-cost-usd", "2.50"], { max_cost_usd: 2.5 }],
  [["--max-cost-usd", "$.05"], { max_cost_usd: 0.05 }],
  [["--max-tokens", "2000000000"], { max_tokens: 2_000_000_000 }],
  [["--max-model-calls", "7", "--max-duration-s", "60"], { max_model_calls: 7, max_duration_s: 60 }],
  [["--max-cost-usd", "none"], { max_cost_usd: null }],
])("%j is the budget %j", (words, budget) => expect(parsed(...words)).toEqual(budget));

test.each([
  ["--max-cost-usd", "0"],
  ["--max-cost-usd", "-1"],
  ["--max-cost-usd", "1e3"],
  ["--max-tokens", "1.5"],
  ["--max-model-calls", "0"],
  ["--max-duration-s", "1h"],
])("%s %s is refused", (flag, value) => expect(() => parsed(flag, value)).toThrow(/expected .* or none/));
