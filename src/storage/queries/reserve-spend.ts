import { type SelectQueryBuilder, sql } from "kysely";

import type { SpendCounter, SpendLimit, SpendSum } from "../../ports/usage.ts";
import type { Database, DatabaseKind, StorageDatabase } from "../schema.ts";
import { readSpend } from "./read-spend.ts";
import { inLockOrder, storedScope } from "./spend-order.ts";

const SUMS = ["cost_micro_usd", "tokens", "model_calls"] as const;
/** Room that others gave back between a refusal and the look at the counters. */
const MOST_TRIES = 3;

type Reservation = { readonly limits: readonly SpendLimit[]; readonly amount: SpendSum };

/**
 * All counters or none. On SQLite one statement is enough, because one thread does all writing. On PostgreSQL others
 * write meanwhile: each row is checked again once it is locked, and a transaction takes all of them back.
 */
export async function reserveSpend(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  tenantId: string,
  { limits, amount }: Reservation,
): Promise<readonly SpendCounter[] | null> {
  const reservation = { limits: inLockOrder(limits), amount };
  for (let tries = 1; ; tries += 1) {
    const reserved =
      kind === "sqlite"
        ? await addToAll(db, tenantId, reservation)
        : await inTransaction(db, (transaction) => addToAll(transaction, tenantId, reservation));
    if (reserved) return null;
    const standing = await readSpend(db, tenantId, limits);
    if (tries === MOST_TRIES || limits.some((limit) => !fits(limit, amount, standing))) return standing;
  }
}

class TakenBack extends Error {}

async function inTransaction(
  db: StorageDatabase,
  work: (transaction: StorageDatabase) => Promise<boolean>,
): Promise<boolean> {
  try {
    await db.transaction().execute(async (transaction) => {
      if (!(await work(transaction))) throw new TakenBack();
    });
    return true;
  } catch (error) {
    if (error instanceof TakenBack) return false;
    throw error;
  }
}

/** False when a counter has no room; on PostgreSQL others may then have been raised. */
async function addToAll(
  db: StorageDatabase,
  tenantId: string,
  { limits, amount }: Reservation,
): Promise<boolean> {
  if (limits.some((limit) => !fits(limit, amount, []))) return false;
  const rows = limits.map((limit) => newRow(db, tenantId, { limit, limits, amount }));
  const [first, ...others] = rows;
  if (first === undefined) return true;
  const raised = await db
    .insertInto("spend_counters")
    .columns(["tenant_id", "scope_id", "period", ...SUMS])
    .expression(others.reduce((all, row) => all.unionAll(row), first))
    .onConflict((conflict) =>
      conflict
        .columns(["tenant_id", "scope_id", "period"])
        .doUpdateSet((eb) => ({
          cost_micro_usd: eb("spend_counters.cost_micro_usd", "+", eb.ref("excluded.cost_micro_usd")),
          tokens: eb("spend_counters.tokens", "+", eb.ref("excluded.tokens")),
          model_calls: eb("spend_counters.model_calls", "+", eb.ref("excluded.model_calls")),
        }))
        .where((eb) => eb.or(limits.map((limit) => hasRoom(limit, amount)))),
    )
    .returning("period")
    .execute();
  return raised.length === limits.length;
}

type NewRow = Pick<Database["spend_counters"], "tenant_id" | "scope_id" | "period" | (typeof SUMS)[number]>;

/** One row to add, as a query that gives none when any counter is known to have no room. */
function newRow(
  db: StorageDatabase,
  tenantId: string,
  { limit, limits, amount }: Reservation & { readonly limit: SpendLimit },
): SelectQueryBuilder<Database, never, NewRow> {
  const full = db
    .selectFrom("spend_counters")
    .select("period")
    .where("tenant_id", "=", tenantId)
    .where((eb) => eb.or(limits.map((each) => eb.and([isCounter(each), eb.not(hasRoom(each, amount))]))));
  return db
    .selectNoFrom([
      sql<string>`cast(${tenantId} as text)`.as("tenant_id"),
      sql<string>`cast(${storedScope(limit)} as text)`.as("scope_id"),
      sql<string>`cast(${limit.period} as text)`.as("period"),
      ...SUMS.map((name) => sql<number>`cast(${amount[name]} as bigint)`.as(name)),
    ])
    .where((eb) => eb.not(eb.exists(full)));
}

function isCounter(limit: SpendLimit) {
  return sql<boolean>`(spend_counters.scope_id = ${storedScope(limit)} and spend_counters.period = ${limit.period})`;
}

function hasRoom(limit: SpendLimit, amount: SpendSum) {
  const sums = SUMS.flatMap((name) => {
    const most = limit[name];
    const column = sql.ref(`spend_counters.${name}`);
    return most === null ? [] : [sql`${column} <= cast(${most - amount[name]} as bigint)`];
  });
  return sql<boolean>`(${sql.join([isCounter(limit), ...sums], sql` and `)})`;
}

function fits(limit: SpendLimit, amount: SpendSum, standing: readonly SpendCounter[]): boolean {
  const counter = standing.find(
    ({ scope_id, period }) => scope_id === limit.scope_id && period === limit.period,
  );
  return SUMS.every((name) => limit[name] === null || (counter?.[name] ?? 0) + amount[name] <= limit[name]);
}
