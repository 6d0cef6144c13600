import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../test/postgres/fresh-database.ts";
import { systemClock } from "../app/system-clock.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { openStorage } from "../storage/open-storage.ts";
import { postgresError } from "../storage/postgres/postgres-error.ts";
import {
  PostgresLimitStore,
  type PostgresLimitStoreParts,
} from "../storage/postgres/postgres-limit-store.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import {
  answered,
  callOf,
  limiterOver,
  limiterSuite,
  limitsOf,
  mostInFlight,
  never,
} from "./limiter.testsuite.ts";

let database: FreshDatabase;
const pools: pg.Pool[] = [];

const poolOf = (url: string): pg.Pool => {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => undefined);
  pools.push(pool);
  return pool;
};

async function makeTables(url: string): Promise<void> {
  const storage = await openStorage(url, { logger: recordingLogger() });
  await storage.close();
}

beforeAll(async () => {
  database = await freshDatabase(inject("postgresUrl"));
  await makeTables(database.url);
  poolOf(database.url);
});
beforeEach(() => pools[0]!.query("delete from provider_limits"));
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

/** One more node on the database. */
function node(changed: Partial<PostgresLimitStoreParts> = {}): PostgresLimitStore {
  return new PostgresLimitStore({
    client: pools[0]!,
    toStorageError: (error) => postgresError("here", error),
    clock: systemClock,
    logger: recordingLogger(),
    ...changed,
  });
}

limiterSuite({ label: "in PostgreSQL", create: (windowMs) => node({ windowMs }) });

describe("nodes on one database", () => {
  const one = { provider: "p", limits: limitsOf({ concurrency: 1 }), tokens: 0 };

  test("share the places, and each gets its turn", async () => {
    const nodes = [1, 2, 3].map(() =>
      limiterOver(node({ client: poolOf(database.url) }), { concurrency: 2 }),
    );
    expect(await mostInFlight(nodes, 30, 2)).toBe(2);
  });

  test("never take more than there are, however many ask at once", async () => {
    const nodes = [1, 2, 3].map(() => node({ client: poolOf(database.url) }));
    const limits = limitsOf({ concurrency: 5, requests_per_minute: 1000, tokens_per_minute: 1000 });
    for (let round = 1; round <= 20; round += 1) {
      const claims = Array.from({ length: 30 }, (_, index) =>
        nodes[index % 3]!.claim({ provider: `p${round}`, limits, tokens: 1 }),
      );
      const granted = (await Promise.all(claims)).flatMap(({ grant }) => grant ?? []);
      expect(granted).toHaveLength(5);
    }
  });

  test("share requests, tokens and the wish of the provider to be left alone", async () => {
    const [a, b] = [node(), node()];
    const limits = limitsOf({ requests_per_minute: 1 });
    await a.claim({ provider: "r", limits, tokens: 0 });
    expect((await b.claim({ provider: "r", limits, tokens: 0 })).refusal).toMatchObject({
      reason: "requests",
    });
    await a.close("p", 5_000);
    const { refusal } = await b.claim({ ...one, limits: limitsOf({}) });
    expect(refusal).toMatchObject({ reason: "closed" });
    expect(refusal!.waitMs).toBeGreaterThan(4_000);
  });

  test("a place is kept as long as its call lasts, and freed when its node is dead", async () => {
    const leaseMs = 600;
    const dead = node({ leaseMs, clock: new ManualClock() }); // never renews
    const alive = node({ leaseMs });
    expect((await dead.claim(one)).refusal).toBeNull();
    const started = performance.now();
    const grant = await untilGranted(alive);
    expect(performance.now() - started).toBeGreaterThan(400);

    const other = node({ leaseMs });
    const until = performance.now() + 3 * leaseMs;
    while (performance.now() < until) expect((await other.claim(one)).grant).toBeNull();
    await alive.settle(grant, null);
    expect((await other.claim(one)).refusal).toBeNull();
  });

  test("a node that was silent too long is told that its place is gone", async () => {
    const logger = recordingLogger();
    const clock = new ManualClock();
    const silent = node({ leaseMs: 300, clock, logger });
    await silent.claim(one);
    const taken = await untilGranted(node({ leaseMs: 300 }));
    clock.advance(100);
    await logger.heard("given to others");
    expect(taken.id).toBeTypeOf("string");
  });

  test("times from before the database's clock was set back bind nobody", async () => {
    const day = Date.now() + 86_400_000;
    const limits = limitsOf({ concurrency: 1, requests_per_minute: 1, tokens_per_minute: 1 });
    await pools[0]!.query(
      `insert into provider_limits values ('p', $1, $1, 9, 9, jsonb_build_object('lost', $1::bigint))`,
      [day],
    );
    expect((await node().claim({ ...one, limits })).refusal).toBeNull();
    await node().close("p", 1_000);
    const more = limitsOf({ concurrency: 9 });
    expect((await node().claim({ ...one, limits: more })).refusal).toMatchObject({ reason: "closed" });
  });

  test("without the database nothing leaves, and with it all goes on", async () => {
    const own = await freshDatabase(inject("postgresUrl"));
    const pool = poolOf(own.url);
    const limiter = limiterOver(node({ client: pool }), { concurrency: 1 });
    await makeTables(own.url);
    const permit = await limiter.admit(callOf(), never);
    const name = new URL(own.url).pathname.slice(1);
    await pools[0]!.query(`alter database ${name} allow_connections false`);
    await pools[0]!.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
      name,
    ]);
    await permit.end(answered());
    await expect(limiter.admit(callOf(), never)).rejects.toMatchObject({ name: "StorageError" });
    await pools[0]!.query(`alter database ${name} allow_connections true`);
    const again = await node({ client: pool }).claim({ ...one, limits: limitsOf({ concurrency: 2 }) });
    expect(again.refusal).toBeNull();
    await pool.end();
    pools.splice(pools.indexOf(pool), 1);
    await own.drop();
  });
});

async function untilGranted(store: PostgresLimitStore) {
  for (;;) {
    const { grant } = await store.claim({ provider: "p", limits: limitsOf({ concurrency: 1 }), tokens: 0 });
    if (grant !== null) return grant;
  }
}
