import type { OpenAPIHono } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";

import { budgetPeriods } from "../../config/budget-periods.ts";
import type { Config } from "../../config/config.ts";
import * as contract from "../../contract/usage-routes.ts";
import type { SharedBudgetView, UsageQuery, UsageRowView, UsageView } from "../../contract/usage-view.ts";
import { toDollars } from "../../core/micro-dollars.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import type { UsageQuery as StoredQuery, UsageRow } from "../../ports/usage.ts";
import { toCsv } from "../csv.ts";
import { invalidFields } from "../invalid-request.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

const DEFAULT_DAYS = 30;
const MOST_DAYS = 366;
const MS_PER_DAY = 86_400_000;
const MEDIA_TYPES = ["application/json", "text/csv"];

export function usageRoutes(app: OpenAPIHono<ServerEnv>, { config }: Pick<ServerParts, "config">): void {
  app.openapi(contract.readUsage, async (c) => {
    const storage = c.get("storage");
    const now = new Date().toISOString();
    const asked = c.req.valid("query");
    const query = storedQuery(asked, now);
    const rows = await storage.readUsage(query);
    c.header("vary", "accept");
    const wanted = accepts(c, { header: "Accept", supports: MEDIA_TYPES, default: "application/json" });
    if (wanted === "text/csv") {
      c.header("content-disposition", `attachment; filename="usage-${query.from}-${query.to}.csv"`);
      return c.body(toCsv(COLUMNS, rows.map(rowView)), 200, { "content-type": "text/csv; charset=utf-8" });
    }
    const place = { scope_id: query.scope_id ?? c.get("scope_id"), at: now };
    const page = pageOf(rows.map(rowView), asked);
    linkNext(c, page.next_cursor);
    const { from, to, group_by } = query;
    const budgets = await standingBudgets(storage, config.budgets, place);
    const answer: UsageView = { from, to, group_by: [...group_by], ...page, totals: totalsOf(rows), budgets };
    return c.json(answer, 200);
  });
}

function storedQuery(asked: UsageQuery, now: string): StoredQuery {
  const to = asked.to ?? now.slice(0, "2026-11-23".length);
  const from =
    asked.from ?? new Date(Date.parse(to) - (DEFAULT_DAYS - 1) * MS_PER_DAY).toISOString().slice(0, 10);
  if (from > to) {
    throw invalidFields([{ pointer: "/query/from", detail: `may not be after the last day, ${to}` }]);
  }
  if (Date.parse(to) - Date.parse(from) >= MOST_DAYS * MS_PER_DAY) {
    throw invalidFields([{ pointer: "/query/from", detail: `${MOST_DAYS} days at most, up to ${to}` }]);
  }
  const { group_by = ["day"], scope_id = null, workflow_id = null } = asked;
  return { from, to, group_by, scope_id, workflow_id };
}

const KEYS = ["day", "scope_id", "role", "model", "workflow_id"] as const;
const COLUMNS = [
  ...KEYS,
  "model_calls",
  "failed_calls",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "cost_usd",
  "cost_usd_known",
  "calls_without_price",
  "calls_in_doubt",
  "in_doubt_tokens",
  "in_doubt_cost_usd",
] as const satisfies readonly (keyof UsageRowView)[];

type Sums = Omit<UsageRow, (typeof KEYS)[number]>;

const NOTHING: Sums = {
  model_calls: 0,
  failed_calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  cost_micro_usd: 0,
  calls_without_price: 0,
  calls_in_doubt: 0,
  in_doubt_tokens: 0,
  in_doubt_cost_micro_usd: 0,
  in_doubt_without_price: 0,
};

function rowView(row: UsageRow): UsageRowView {
  const { day, scope_id, role, model, workflow_id } = row;
  return { day, scope_id, role, model, workflow_id, ...sumsView(row) };
}

function totalsOf(rows: readonly UsageRow[]): UsageView["totals"] {
  const totals: { -readonly [Sum in keyof Sums]: number } = { ...NOTHING };
  for (const row of rows) for (const sum of SUMS) totals[sum] += row[sum];
  return sumsView(totals);
}

const SUMS = Object.keys(NOTHING) as (keyof Sums)[];

function sumsView(sums: Sums): UsageView["totals"] {
  const { model_calls, failed_calls, input_tokens, output_tokens, cached_input_tokens } = sums;
  const { calls_without_price, calls_in_doubt, in_doubt_tokens } = sums;
  const known = toDollars(sums.cost_micro_usd);
  return {
    model_calls,
    failed_calls,
    input_tokens,
    output_tokens,
    cached_input_tokens,
    cost_usd: calls_without_price > 0 ? null : known,
    cost_usd_known: known,
    calls_without_price,
    calls_in_doubt,
    in_doubt_tokens,
    in_doubt_cost_usd: sums.in_doubt_without_price > 0 ? null : toDollars(sums.in_doubt_cost_micro_usd),
  };
}

async function standingBudgets(
  storage: TenantStorage,
  budgets: Config["budgets"],
  place: { readonly scope_id: string | null; readonly at: string },
): Promise<SharedBudgetView[]> {
  const periods = budgetPeriods(budgets, place);
  if (periods.length === 0) return [];
  const counters = await storage.readSpend(periods);
  return periods.map(({ budget, ...period }) => {
    const used = counters.find(
      (counter) => counter.scope_id === period.scope_id && counter.period === period.period,
    );
    const { cost_micro_usd, tokens, model_calls } = used ?? NO_SPEND;
    return { ...period, ...budget, used: { cost_usd: toDollars(cost_micro_usd), tokens, model_calls } };
  });
}

const NO_SPEND = { cost_micro_usd: 0, tokens: 0, model_calls: 0 };
