import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Config } from "../config/config.ts";
import type { SpendLedger } from "../ports/spend-ledger.ts";
import type { Storage } from "../ports/storage.ts";
import { openStorage } from "../storage/open-storage.ts";
import { freshTenant, recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { createSpendLedger } from "./spend-ledger.ts";

let folder = "";
let storage: Storage;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orca-spend-"));
  storage = await openStorage(`sqlite:${join(folder, "orca.db")}`, { logger: recordingLogger() });
});
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true });
});

const AT = "2026-11-23T10:00:00.000Z";

function ledgerOf(budgets: unknown, store: Pick<Storage, "forTenant"> = storage): SpendLedger {
  return createSpendLedger({
    storage: store,
    budgets: Config.parse({ data_dir: "/d", database: "sqlite:x", budgets }).budgets,
  });
}

function placeIn(scope_id: string | null = null) {
  return { tenant_id: freshTenant(), scope_id, at: AT };
}

test("without limits the store is not asked", async () => {
  const ledger = ledgerOf(
    {},
    {
      forTenant: () => {
        throw new Error("nobody should ask");
      },
    },
  );
  const place = placeIn("team");
  expect(await ledger.reserve(place, { cost_usd: 1e6, tokens: 1e9 })).toEqual({ ok: true });
  await ledger.settle(place, { cost_usd: 1, tokens: 1 }, { cost_usd: 2, tokens: 2 });
});

test("what is set aside is refused to others, and free again once less was spent", async () => {
  const ledger = ledgerOf({ tenant: { day: { max_cost_usd: 1 } } });
  const place = placeIn();
  const call = { cost_usd: 0.6, tokens: 100 };
  expect(await ledger.reserve(place, call)).toEqual({ ok: true });
  expect(await ledger.reserve(place, call)).toEqual({
    ok: false,
    message:
      "The budget of the tenant for this day is $1.00, of which $0.60 are used or set aside; the next model call may take $0.60. Raise budgets.tenant.day, or go on after 2026-11-24T00:00:00.000Z.",
    resets_at: "2026-11-24T00:00:00.000Z",
  });
  await ledger.settle(place, call, { cost_usd: 0.399999, tokens: 80 });
  expect(await ledger.reserve(place, call)).toEqual({ ok: true });
  expect(await ledger.reserve({ ...place, at: "2026-11-24T00:00:00.000Z" }, call)).toEqual({ ok: true });
});

test("a call that never left does not count as one", async () => {
  const ledger = ledgerOf({ tenant: { day: { max_model_calls: 1 } } });
  const place = placeIn();
  const call = { cost_usd: 0.6, tokens: 100 };
  await ledger.reserve(place, call);
  await ledger.settle(place, call, { cost_usd: 0, tokens: 0 });
  expect(await ledger.reserve(place, call)).toMatchObject({ ok: false });
  const other = placeIn();
  await ledger.reserve(other, call);
  await ledger.settle(other, call, null);
  expect(await ledger.reserve(other, call)).toEqual({ ok: true });
});

test("a call settles in the period in which it was reserved", async () => {
  const ledger = ledgerOf({ tenant: { day: { max_tokens: 100 } } });
  const place = { ...placeIn(), at: "2026-11-23T23:59:59.999Z" };
  await ledger.reserve(place, { cost_usd: null, tokens: 100 });
  await ledger.settle(place, { cost_usd: null, tokens: 100 }, { cost_usd: null, tokens: 40 });
  expect(await ledger.reserve(place, { cost_usd: null, tokens: 60 })).toEqual({ ok: true });
});

test("a call without a known price counts by its tokens and as a call", async () => {
  const ledger = ledgerOf({
    tenant: { month: { max_cost_usd: 1, max_model_calls: 2 } },
    scope: { day: { max_tokens: 150 } },
  });
  const place = placeIn("team");
  const unpriced = { cost_usd: null, tokens: 100 };
  expect(await ledger.reserve(place, unpriced)).toEqual({ ok: true });
  expect(await ledger.reserve(place, unpriced)).toMatchObject({
    ok: false,
    message: expect.stringContaining("scope team for this day is 150 tokens, of which 100 tokens"),
  });
  expect(await ledger.reserve({ ...place, scope_id: null }, unpriced)).toEqual({ ok: true });
  expect(await ledger.reserve({ ...place, scope_id: null }, unpriced)).toMatchObject({
    ok: false,
    message: expect.stringContaining("2 model calls, of which 2 model calls are used"),
    resets_at: "2026-12-01T00:00:00.000Z",
  });
});

test("of several budgets that are used up the one that ends last is told", async () => {
  const ledger = ledgerOf({ tenant: { day: { max_tokens: 1 }, month: { max_tokens: 1 } } });
  expect(await ledger.reserve(placeIn(), { cost_usd: null, tokens: 2 })).toMatchObject({
    ok: false,
    resets_at: "2026-12-01T00:00:00.000Z",
  });
});
