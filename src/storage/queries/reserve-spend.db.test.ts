import fc from "fast-check";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../../test/postgres/fresh-database.ts";
import type { SpendKey, SpendLimit } from "../../ports/usage.ts";
import { migrate } from "../migrate.ts";
import type { Database } from "../schema.ts";
import { freshTenant } from "../testsuite/store-under-test.testsuite.ts";
import { readSpend } from "./read-spend.ts";
import { reserveSpend } from "./reserve-spend.ts";
import { settleSpend } from "./settle-spend.ts";

const POOLS = 3;
const KEYS: readonly SpendKey[] = [
  { scope_id: "b", period: "2026-11-23" },
  { scope_id: null, period: "2026-11" },
  { scope_id: "a", period: "2026-11-23" },
  { scope_id: null, period: "2026-11-23" },
];

let database: FreshDatabase;
let nodes: Kysely<Database>[] = [];
beforeAll(async () => {
  database = await freshDatabase(inject("postgresUrl"));
  const getTypeParser: typeof pg.types.getTypeParser = (type, format) =>
    type === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(type, format) as (text: string) => unknown);
  nodes = Array.from({ length: POOLS }, () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 4, types: { getTypeParser } });
    return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  });
  await migrate(nodes[0]!, "postgres");
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.destroy()));
  await database.drop();
});

const wanted = fc.record({
  /** Which of the budgets it counts against, in any order. */
  budgets: fc.shuffledSubarray([...KEYS], { minLength: 1 }),
  cost: fc.nat(40),
  tokens: fc.nat(40),
  /** What share of the worst case is spent; null: it dies before it settles. */
  spent: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  node: fc.nat(POOLS - 1),
});
const limits = fc.record({
  cost_micro_usd: fc.option(fc.integer({ min: 50, max: 300 })),
  tokens: fc.option(fc.integer({ min: 50, max: 300 })),
  model_calls: fc.option(fc.integer({ min: 1, max: 20 })),
});
type Wanted = typeof wanted extends fc.Arbitrary<infer T> ? T : never;
type Limits = typeof limits extends fc.Arbitrary<infer T> ? T : never;

/** Reserves, looks whether any limit was passed, and settles; answers what stays counted, null when it was refused. */
async function callModel(tenant: string, most: Limits, { budgets, cost, tokens, spent, node }: Wanted) {
  const db = nodes[node]!;
  const asked = { cost_micro_usd: cost, tokens, model_calls: 1 };
  const rows: SpendLimit[] = budgets.map((key) => ({ ...key, ...most }));
  const refused = await reserveSpend({ db, kind: "postgres" }, tenant, { limits: rows, amount: asked });
  const now = await readSpend(db, tenant, KEYS);
  for (const counter of now) {
    for (const sum of ["cost_micro_usd", "tokens", "model_calls"] as const)
      expect(counter[sum]).toBeLessThanOrEqual(most[sum] ?? Number.POSITIVE_INFINITY);
  }
  if (refused !== null) return null;
  if (spent === null) return { budgets, ...asked };
  const used = {
    cost_micro_usd: Math.floor(cost * spent),
    tokens: Math.floor(tokens * spent),
    model_calls: 1,
  };
  const difference = {
    cost_micro_usd: used.cost_micro_usd - cost,
    tokens: used.tokens - tokens,
    model_calls: 0,
  };
  await settleSpend(db, tenant, { counters: budgets, difference });
  return { budgets, ...used };
}

test("however many nodes reserve at once, no limit is passed, nobody deadlocks and the sums are exact", async () => {
  let reserved = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(wanted, { minLength: 10, maxLength: 40 }), limits, async (calls, most) => {
      const tenant = freshTenant();
      const counted = await Promise.all(calls.map((call) => callModel(tenant, most, call)));
      const standing = await readSpend(nodes[0]!, tenant, KEYS);
      for (const key of KEYS) {
        const mine = counted.flatMap((call) => (call?.budgets.includes(key) ? [call] : []));
        const counter = standing.find(
          ({ scope_id, period }) => scope_id === key.scope_id && period === key.period,
        );
        const sum = (of: (call: (typeof mine)[number]) => number) =>
          mine.reduce((all, call) => all + of(call), 0);
        expect({ ...key, cost_micro_usd: 0, tokens: 0, model_calls: 0, ...counter }).toEqual({
          ...key,
          cost_micro_usd: sum((call) => call.cost_micro_usd),
          tokens: sum((call) => call.tokens),
          model_calls: mine.length,
        });
      }
      reserved += counted.filter((call) => call !== null).length;
      refused += counted.filter((call) => call === null).length;
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(reserved).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
