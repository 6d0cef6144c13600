import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";

import type { Budget } from "../core/workflow-config.ts";

/** The flag of each limit, with what stands for its value where a person has yet to choose one. */
export const BUDGET_FLAGS: Readonly<Record<keyof Budget, { readonly flag: string; readonly value: string }>> =
  {
    max_cost_usd: { flag: "--max-cost-usd", value: "DOLLARS" },
    max_tokens: { flag: "--max-tokens", value: "NUMBER" },
    max_model_calls: { flag: "--max-model-calls", value: "NUMBER" },
    max_duration_s: { flag: "--max-duration-s", value: "SECONDS" },
  };

/** The options that limit what one workflow may spend. */
export function withBudgetOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
) {
  return command
    .option("--max-cost-usd <dollars>", "US dollars it may cost before it waits, or none", dollarLimit)
    .option("--max-tokens <number>", "tokens it may take, in and out together, or none", wholeLimit)
    .option("--max-model-calls <number>", "requests to models it may make, or none", wholeLimit)
    .option("--max-duration-s <seconds>", "seconds it may run, waiting left out, or none", wholeLimit);
}

/** A limit as it was given; commander takes no null for a value. */
type Limit = number | "none" | undefined;
type BudgetOptions = {
  readonly maxCostUsd?: Limit;
  readonly maxTokens?: Limit;
  readonly maxModelCalls?: Limit;
  readonly maxDurationS?: Limit;
};

/** The limits that were given and no others; undefined when none was. */
export function budgetOf(options: BudgetOptions): Partial<Budget> | undefined {
  const { maxCostUsd, maxTokens, maxModelCalls, maxDurationS } = options;
  const given: Partial<Budget> = {
    ...(maxCostUsd === undefined ? {} : { max_cost_usd: numberOf(maxCostUsd) }),
    ...(maxTokens === undefined ? {} : { max_tokens: numberOf(maxTokens) }),
    ...(maxModelCalls === undefined ? {} : { max_model_calls: numberOf(maxModelCalls) }),
    ...(maxDurationS === undefined ? {} : { max_duration_s: numberOf(maxDurationS) }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}

function numberOf(limit: number | "none"): number | null {
  return limit === "none" ? null : limit;
}

function dollarLimit(text: string): number | "none" {
  if (text === "none") return text;
  const dollars = /^\$?(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})$/.exec(text)?.[1];
  if (dollars === undefined || Number(dollars) === 0)
    throw new InvalidArgumentError("expected US dollars above 0, such as 2.50, or none");
  return Number(dollars);
}

function wholeLimit(text: string): number | "none" {
  if (text === "none") return text;
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("expected a whole number above 0, or none");
  return Number(text);
}
