import { describe, expect, test } from "vitest";

import type { TenantStorage } from "../../ports/storage.ts";
import { aBlob, aCommit, aMessage, aModelCall, aSecret, aStep, someEvents, AT } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const BLOB = aBlob("a secret of one tenant");
const KEY = { key: "k", fingerprint: "f", owner: "o", created_at: AT };
const ANSWER = { status: 201, headers: {}, body: "one" };
const SPEND_KEY = { scope_id: null, period: "2026-11" };
const SPENT = { cost_micro_usd: 5, tokens: 5, model_calls: 1 };
const NO_LIMIT = { ...SPEND_KEY, cost_micro_usd: null, tokens: null, model_calls: null };
const MESSAGE = aMessage();
const EVERY_MESSAGE = { limit: 10, after: null, statuses: null, workflow_id: null };
const SECRET = aSecret();
const PAGE = { after: 0, limit: 10 };

type Method = Exclude<keyof TenantStorage, "tenantId">;
type Check = (theirs: TenantStorage, ours: TenantStorage) => Promise<void>;

/** For each method: what another tenant gets for the ids of the first one, and that it changed nothing there. */
const CHECKS: Readonly<Record<Method, Check>> = {
  commit: async (theirs, ours) => {
    const moved = await theirs.commit(aCommit({ tenant_id: theirs.tenantId, expected_version: 1 }));
    expect(moved).toEqual({ ok: false, code: "version_conflict" });
    const fences = [{ step_id: "task:a#0", attempt: 1 }];
    expect(await theirs.commit(aCommit({ tenant_id: theirs.tenantId, fences }))).toEqual({
      ok: false,
      code: "lease_lost",
    });
    const created = await theirs.commit(aCommit({ tenant_id: theirs.tenantId, head: { title: "Theirs" } }));
    expect(created).toEqual({ ok: true });
    expect((await ours.loadHead("w1"))?.title).toBe("A title");
  },
  loadWorkflow: async (theirs) => expect(await theirs.loadWorkflow("w1")).toBeNull(),
  loadHead: async (theirs) => expect(await theirs.loadHead("w1")).toBeNull(),
  listWorkflows: async (theirs) =>
    expect(await theirs.listWorkflows({ limit: 10, after: null, statuses: null })).toEqual([]),
  readEvents: async (theirs) => expect(await theirs.readEvents("w1", PAGE)).toEqual([]),
  listSteps: async (theirs) => expect(await theirs.listSteps("w1")).toEqual([]),
  listToolCalls: async (theirs) => expect(await theirs.listToolCalls("w1", "task:a#0")).toEqual([]),
  listModelCalls: async (theirs) => expect(await theirs.listModelCalls("w1")).toEqual([]),
  readBlob: async (theirs) => expect(await theirs.readBlob(BLOB.hash)).toBeNull(),
  readBlobs: async (theirs) => expect((await theirs.readBlobs([BLOB.hash])).size).toBe(0),
  putBlob: async (theirs, ours) => {
    await theirs.putBlob(BLOB.hash, BLOB.content);
    expect(await theirs.readBlob(BLOB.hash)).toBe(BLOB.content);
    expect(await ours.readBlob(BLOB.hash)).toBe(BLOB.content);
  },
  takeIdempotencyKey: async (theirs, ours) => {
    expect(await theirs.takeIdempotencyKey(KEY)).toBeNull();
    expect(await ours.takeIdempotencyKey(KEY)).toMatchObject({ answer: null });
  },
  answerIdempotencyKey: async (theirs, ours) => {
    await theirs.answerIdempotencyKey(KEY.key, ANSWER);
    expect(await ours.takeIdempotencyKey(KEY)).toMatchObject({ answer: null });
  },
  releaseIdempotencyKey: async (theirs, ours) => {
    await theirs.releaseIdempotencyKey(KEY.key, KEY.owner);
    expect(await ours.takeIdempotencyKey(KEY)).toMatchObject({ key: KEY.key });
  },
  reserveSpend: async (theirs) => {
    expect(await theirs.reserveSpend([{ ...NO_LIMIT, tokens: 5 }], SPENT)).toBeNull();
  },
  settleSpend: async (theirs) => {
    await theirs.settleSpend([SPEND_KEY], SPENT);
    expect(await theirs.readSpend([SPEND_KEY])).toEqual([{ ...SPEND_KEY, ...SPENT }]);
  },
  readSpend: async (theirs) => expect(await theirs.readSpend([SPEND_KEY])).toEqual([]),
  readUsage: async (theirs) => {
    const day = AT.slice(0, 10);
    const query = { from: day, to: day, group_by: ["workflow"], scope_id: null, workflow_id: null } as const;
    expect(await theirs.readUsage(query)).toEqual([]);
    expect(await theirs.readUsage({ ...query, workflow_id: "w1" })).toEqual([]);
  },
  listMessages: async (theirs) => expect(await theirs.listMessages(EVERY_MESSAGE)).toEqual([]),
  loadMessage: async (theirs) => expect(await theirs.loadMessage(MESSAGE.id)).toBeNull(),
  redeliverMessage: async (theirs) => expect(await theirs.redeliverMessage(MESSAGE.id, 1)).toBe(false),
  putSecret: async (theirs) => {
    const changed = { ...SECRET, nonce: "other", ciphertext: "theirs" };
    expect(await theirs.putSecret(changed, SECRET.nonce)).toBeNull();
    expect(await theirs.putSecret(changed)).toEqual({ created_at: AT });
    expect(await theirs.getSecret(SECRET.name)).toEqual(changed);
  },
  getSecret: async (theirs) => expect(await theirs.getSecret(SECRET.name)).toBeNull(),
  listSecrets: async (theirs) => expect(await theirs.listSecrets()).toEqual([]),
  deleteSecret: async (theirs) => expect(await theirs.deleteSecret(SECRET.name)).toBe(false),
};

export function tenancySuite(store: StoreUnderTest): void {
  describe("another tenant", () => {
    test.each(Object.entries(CHECKS))("%s sees and changes nothing of the first one", async (_, check) => {
      const ours = store.storage().forTenant(freshTenant());
      const filled = aCommit({
        tenant_id: ours.tenantId,
        events: someEvents(1, 2),
        parts: [{ kind: "task", key: "a", body: 1 }],
        steps: [aStep()],
        model_calls: [aModelCall()],
        blobs: [BLOB],
        messages: [MESSAGE],
      });
      await ours.commit(filled);
      expect(await ours.takeIdempotencyKey(KEY)).toBeNull();
      expect(await ours.reserveSpend([NO_LIMIT], SPENT)).toBeNull();
      await ours.putSecret(SECRET);
      await check(store.storage().forTenant(freshTenant()), ours);
      expect(await ours.loadWorkflow("w1")).toEqual({ head: filled.head, parts: filled.parts });
      expect(await ours.readEvents("w1", PAGE)).toEqual(filled.events);
      expect(await ours.listSteps("w1")).toEqual(filled.steps);
      expect(await ours.listModelCalls("w1")).toEqual(filled.model_calls);
      expect(await ours.readSpend([SPEND_KEY])).toEqual([{ ...SPEND_KEY, ...SPENT }]);
      expect(await ours.listMessages(EVERY_MESSAGE)).toMatchObject([
        { id: MESSAGE.id, due_at: Date.parse(AT) },
      ]);
      expect(await ours.listSecrets()).toEqual([SECRET]);
    });
  });
}
