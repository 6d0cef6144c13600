import { setImmediate } from "node:timers/promises";

import { type RawBuilder, sql } from "kysely";

import type { UsageDimension } from "../../core/usage-dimension.ts";
import type { UsageQuery, UsageRow } from "../../ports/usage.ts";
import type { DatabaseKind, StorageDatabase } from "../schema.ts";

type Key = "day" | "scope_id" | "role" | "model" | "workflow_id";

const KEYS: Readonly<Record<UsageDimension, readonly [Key, RawBuilder<string | null>]>> = {
  day: ["day", sql<string>`substr(c.created_at, 1, 10)`],
  scope: ["scope_id", sql<string | null>`w.scope_id`],
  role: ["role", sql<string>`c.role`],
  model: ["model", sql<string>`c.provider || '/' || c.model_asked`],
  workflow: ["workflow_id", sql<string>`c.workflow_id`],
};

type Sum = Exclude<keyof UsageRow, Key>;

const ENDED = sql`c.status <> 'requested'`;
const IN_DOUBT = sql`c.status = 'requested'`;
const COST = sql`cast(round(c.cost_usd * 1000000) as bigint)`;
const NO_PRICE = sql`c.cost_usd is null`;

const SUMS: Readonly<Record<Sum, RawBuilder<number>>> = {
  model_calls: countOf(ENDED),
  failed_calls: countOf(sql`c.status = 'failed'`),
  input_tokens: sumOf(usageOf("input_tokens"), ENDED),
  output_tokens: sumOf(usageOf("output_tokens"), ENDED),
  cached_input_tokens: sumOf(usageOf("cached_input_tokens"), ENDED),
  cost_micro_usd: sumOf(COST, ENDED),
  calls_without_price: countOf(sql`${ENDED} and ${NO_PRICE}`),
  calls_in_doubt: countOf(IN_DOUBT),
  in_doubt_tokens: sumOf(sql`c.tokens`, IN_DOUBT),
  in_doubt_cost_micro_usd: sumOf(COST, IN_DOUBT),
  in_doubt_without_price: countOf(sql`${IN_DOUBT} and ${NO_PRICE}`),
};

/** Day by day on SQLite: it is read in the thread that serves everybody, and others get their turn in between. */
export async function readUsage(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  tenantId: string,
  query: UsageQuery,
): Promise<UsageRow[]> {
  if (kind === "postgres") return (await readSpan(db, tenantId, query)).toSorted(compareKeys);
  const groups = new Map<string, UsageRow>();
  for (let day = query.from; day <= query.to; day = dayAfter(day)) {
    for (const row of await readSpan(db, tenantId, { ...query, from: day, to: day })) {
      const key = JSON.stringify(Object.values(KEYS).map(([name]) => row[name]));
      const before = groups.get(key);
      groups.set(key, before ? added(before, row) : row);
    }
    await setImmediate();
  }
  return [...groups.values()].toSorted(compareKeys);
}

function added(left: UsageRow, right: UsageRow): UsageRow {
  const sums = Object.keys(SUMS) as Sum[];
  return { ...left, ...Object.fromEntries(sums.map((sum) => [sum, left[sum] + right[sum]])) };
}

async function readSpan(
  db: StorageDatabase,
  tenantId: string,
  { from, to, group_by, scope_id, workflow_id }: UsageQuery,
): Promise<UsageRow[]> {
  const keys = [...new Set(group_by)].map((dimension) => KEYS[dimension]);
  let query = db
    .selectFrom("model_calls as c")
    .innerJoin("workflows as w", (join) =>
      join.onRef("w.tenant_id", "=", "c.tenant_id").onRef("w.id", "=", "c.workflow_id"),
    )
    .select(keys.map(([name, expression]) => expression.as(name)))
    .select(Object.entries(SUMS).map(([name, sum]) => sum.as(name as Sum)))
    .where("c.tenant_id", "=", tenantId)
    .where("c.created_at", ">=", from)
    .where("c.created_at", "<", dayAfter(to));
  if (scope_id !== null) query = query.where("w.scope_id", "=", scope_id);
  if (workflow_id !== null) query = query.where("c.workflow_id", "=", workflow_id);
  for (const [, expression] of keys) query = query.groupBy(expression);
  const rows = await query.execute();
  return rows.map((row) => ({ ...UNGROUPED, ...(row as Partial<UsageRow> & Pick<UsageRow, Sum>) }));
}

/** Here and not by the databases, which order text differently. */
function compareKeys(left: UsageRow, right: UsageRow): number {
  for (const [name] of Object.values(KEYS)) {
    const [a, b] = [left[name] ?? "", right[name] ?? ""];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

const UNGROUPED: Pick<UsageRow, Key> = {
  day: null,
  scope_id: null,
  role: null,
  model: null,
  workflow_id: null,
};

function countOf(condition: RawBuilder<unknown>): RawBuilder<number> {
  return sumOf(sql`1`, condition);
}

// PostgreSQL sums bigints to numeric, which its driver gives as text.
function sumOf(value: RawBuilder<unknown>, condition: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`cast(coalesce(sum(case when ${condition} then ${value} else 0 end), 0) as bigint)`;
}

function usageOf(name: string): RawBuilder<number> {
  return sql<number>`cast(c.usage ->> ${sql.lit(name)} as bigint)`;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, day.length);
}
