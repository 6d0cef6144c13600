import { describe, expect, test } from "vitest";

import type { ClaimedMessage, MessageResult } from "../../ports/outbox.ts";
import { aCommit, aMessage, aStep, AT } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const NOW = Date.parse(AT);
const LEASE_MS = 60_000;
const ALL = { limit: 100, after: null, statuses: null, workflow_id: null };
const FRESH = { status: "pending", attempts: 0, due_at: NOW, last_result: null, delivered_at: null };

const at = (minute: number) => new Date(NOW + minute * 60_000).toISOString();

function settled(status: "delivered" | "dead", attempts: number, due_at = NOW): MessageResult {
  const delivered_at = status === "delivered" ? new Date(due_at).toISOString() : null;
  return { status, attempts, due_at, last_result: "HTTP 204", delivered_at };
}

function again(attempts: number, due_at: number): MessageResult {
  return { status: "pending", attempts, due_at, last_result: "HTTP 500", delivered_at: null };
}

export function outboxSuite(store: StoreUnderTest): void {
  const open = () => {
    const tenant_id = freshTenant();
    const tenant = store.storage().forTenant(tenant_id);
    const commit = (changes: Parameters<typeof aCommit>[0]) =>
      tenant.commit(aCommit({ tenant_id, ...changes }));
    const { outbox, retention } = store.storage().system;
    /** What of this tenant is claimed: the store is shared with other tests. */
    const claim = async (now = NOW, except: string[] = []): Promise<readonly ClaimedMessage[]> => {
      const claimed = await outbox.claim({ now, lease_ms: LEASE_MS, limit: 1_000, except });
      return claimed.filter((message) => message.tenant_id === tenant_id);
    };
    const ids = async (query: Partial<typeof ALL> = {}) =>
      (await tenant.listMessages({ ...ALL, ...query })).map(({ id }) => id);
    return { tenant, tenant_id, commit, claim, ids, outbox, retention };
  };

  describe("messages", () => {
    test("come with their commit, when it creates and when it moves a workflow on", async () => {
      const { tenant, commit } = open();
      const first = aMessage({ body: '{"title":"naïve \\u0000 ‘quotes’"}' });
      const second = aMessage({ id: "msg_w1_2_other", endpoint: "other", type: "delivery.failed" });
      const third = aMessage({ id: "msg_w1_3_other", created_at: at(1) });
      expect(await commit({ messages: [first, second] })).toEqual({ ok: true });
      expect(await commit({ expected_version: 1, messages: [third] })).toEqual({ ok: true });
      expect(await tenant.loadMessage(first.id)).toEqual({ ...first, ...FRESH });
      expect(await tenant.listMessages(ALL)).toEqual([
        { ...third, ...FRESH, due_at: NOW + 60_000 },
        { ...second, ...FRESH },
        { ...first, ...FRESH },
      ]);
    });

    test("of a commit that is refused or fails are not written", async () => {
      const { commit, ids } = open();
      await commit({ steps: [aStep()] });
      const messages = [aMessage()];
      const lost = [{ step_id: "task:a#0", attempt: 9 }];
      expect(await commit({ messages })).toMatchObject({ code: "already_exists" });
      expect(await commit({ messages, expected_version: 7 })).toMatchObject({ code: "version_conflict" });
      expect(await commit({ messages, expected_version: 1, fences: lost })).toMatchObject({ ok: false });
      const impossible = aStep({ cycle: null as unknown as number });
      await expect(commit({ messages, expected_version: 1, steps: [impossible] })).rejects.toThrow(/./);
      expect(await ids()).toEqual([]);
    });

    test("of many commits at once stay with their own", async () => {
      const { tenant, commit } = open();
      await commit({ workflow_id: "stale" });
      const results = await Promise.all(
        ["w1", "w2", "stale", "w3"].map((workflow_id) =>
          commit({
            workflow_id,
            messages: [aMessage({ id: `msg_${workflow_id}_1_a`, workflow_id })],
          }),
        ),
      );
      expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true]);
      const written = (await tenant.listMessages(ALL)).map(({ id, workflow_id }) => [id, workflow_id]);
      expect(written.toSorted(([left = ""], [right = ""]) => left.localeCompare(right))).toEqual(
        ["w1", "w2", "w3"].map((id) => [`msg_${id}_1_a`, id]),
      );
    });

    test("that stand already stay as they are", async () => {
      const { tenant, commit, claim, outbox } = open();
      await commit({ messages: [aMessage()] });
      const [message] = await claim();
      await outbox.settle(message!, settled("delivered", 1));
      expect(await commit({ expected_version: 1, messages: [aMessage()] })).toEqual({ ok: true });
      expect(await tenant.loadMessage("msg_w1_1_hooks")).toMatchObject({ status: "delivered" });
    });

    test("are given to one holder until its lease is over", async () => {
      const { tenant_id, commit, claim } = open();
      await commit({ messages: [aMessage()] });
      expect(await claim(NOW - 1)).toEqual([]);
      const due_at = NOW + LEASE_MS;
      expect(await claim()).toEqual([{ ...aMessage(), ...FRESH, tenant_id, due_at }]);
      expect(await claim(due_at - 1)).toEqual([]);
      expect(await claim(due_at)).toHaveLength(1);
    });

    test("that are due for longest are claimed first, and no more than wanted", async () => {
      const { tenant_id, commit, outbox } = open();
      const long = (day: number) => `2001-01-0${day}T00:00:00.000Z`;
      await commit({
        messages: [3, 1, 2].map((day) => aMessage({ id: `m${day}`, created_at: long(day) })),
      });
      const claim = async (limit: number) => {
        const now = Date.parse(long(4));
        const claimed = await outbox.claim({ now, lease_ms: 1e12, limit, except: [] });
        expect(claimed.every((message) => message.tenant_id === tenant_id)).toBe(true);
        return claimed.map(({ id }) => id).toSorted();
      };
      expect(await claim(2)).toEqual(["m1", "m2"]);
      expect(await claim(2)).toEqual(["m3"]);
    });

    test("go to exactly one of many who claim at once", async () => {
      const { commit, claim, ids } = open();
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          commit({ workflow_id: `w${index}`, messages: [aMessage({ id: `m${index}` })] }),
        ),
      );
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
      expect(
        claims
          .flat()
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual((await ids()).toSorted());
    });

    test("of endpoints that are to be passed over stay due", async () => {
      const { commit, claim } = open();
      await commit({ messages: [aMessage(), aMessage({ id: "m2", endpoint: "slow" })] });
      expect(await claim(NOW, ["slow", "other"])).toMatchObject([{ endpoint: "hooks" }]);
      expect(await claim()).toMatchObject([{ endpoint: "slow" }]);
    });

    test("are settled once, by who holds them", async () => {
      const { tenant, commit, claim, outbox } = open();
      await commit({ messages: [aMessage()] });
      const [lost] = await claim();
      const [held] = await claim(NOW + LEASE_MS);
      await outbox.settle(lost!, settled("dead", 9));
      expect(await tenant.loadMessage("msg_w1_1_hooks")).toMatchObject({ status: "pending", attempts: 0 });
      const due_at = NOW + 2 * LEASE_MS;
      await outbox.settle(held!, again(1, due_at));
      expect(await claim(due_at - 1)).toEqual([]);
      const [last] = await claim(due_at);
      expect(last).toMatchObject({ attempts: 1, last_result: "HTTP 500" });
      await outbox.settle(last!, settled("delivered", 2));
      await outbox.settle(last!, again(3, NOW));
      const done = { status: "delivered", attempts: 2, last_result: "HTTP 204", delivered_at: AT };
      expect(await tenant.loadMessage("msg_w1_1_hooks")).toMatchObject(done);
      expect(await claim(NOW + 1e9)).toEqual([]);
    });

    test("that are asked for again are sent again, whatever the attempt in flight brings", async () => {
      const { tenant, commit, claim, outbox } = open();
      await commit({ messages: [aMessage()] });
      const [dead] = await claim();
      await outbox.settle(dead!, settled("dead", 10));
      expect(await tenant.redeliverMessage("unknown", NOW)).toBe(false);
      expect(await tenant.redeliverMessage("msg_w1_1_hooks", NOW + 5)).toBe(true);
      const afresh = { status: "pending", attempts: 0, last_result: "HTTP 204", delivered_at: null };
      expect(await tenant.loadMessage("msg_w1_1_hooks")).toMatchObject({ ...afresh, due_at: NOW + 5 });
      const [inFlight] = await claim(NOW + 5);
      expect(await tenant.redeliverMessage("msg_w1_1_hooks", NOW + 6)).toBe(true);
      await outbox.settle(inFlight!, settled("delivered", 1));
      expect(await claim(NOW + 6)).toMatchObject([{ id: "msg_w1_1_hooks", status: "pending" }]);
    });

    test("are listed newest first, by page, status and workflow", async () => {
      const { tenant, commit, claim, outbox, ids } = open();
      await commit({
        messages: [1, 2, 2, 3].map((minute, index) => aMessage({ id: `m${index}`, created_at: at(minute) })),
      });
      await commit({ workflow_id: "w2", messages: [aMessage({ id: "n", workflow_id: "w2" })] });
      expect(await ids()).toEqual(["m3", "m2", "m1", "m0", "n"]);
      const [, second] = await tenant.listMessages({ ...ALL, limit: 2 });
      const after = { created_at: second!.created_at, id: second!.id };
      const rest = await tenant.listMessages({ ...ALL, limit: 2, after });
      expect(rest.map(({ id }) => id)).toEqual(["m1", "m0"]);
      const [claimed] = await claim(NOW);
      await outbox.settle(claimed!, settled("dead", 1));
      expect((await tenant.listMessages({ ...ALL, statuses: ["dead"] })).map(({ id }) => id)).toEqual(["n"]);
      expect(await tenant.listMessages({ ...ALL, statuses: [] })).toEqual([]);
      expect((await tenant.listMessages({ ...ALL, workflow_id: "w2" })).map(({ id }) => id)).toEqual(["n"]);
    });

    test("outlive their workflow, and go some time after they are settled", async () => {
      const { tenant, commit, claim, outbox, retention, ids } = open();
      const head = { status: "completed", closed: true, created_at: "2001-01-01T00:00:00.000Z" } as const;
      const messages = ["pending", "delivered", "dead", "fresh"].map((id) => aMessage({ id }));
      await commit({ head: { ...head, updated_at: head.created_at }, messages });
      for (const message of await claim()) {
        if (message.id === "delivered" || message.id === "dead")
          await outbox.settle(message, settled(message.id, 1, Date.parse("2002-01-01T00:00:00.000Z")));
        if (message.id === "fresh") await outbox.settle(message, settled("delivered", 1));
      }
      await retention.deleteExpired({ before: "2001-02-01T00:00:00.000Z" }, 100);
      expect(await tenant.loadHead("w1")).toBeNull();
      expect(await ids()).toHaveLength(4);
      const before = "2003-01-01T00:00:00.000Z";
      expect(await retention.countMessages({ before })).toBe(2);
      expect(await retention.deleteMessages({ before })).toBe(2);
      expect(await retention.deleteMessages({ before })).toBe(0);
      expect((await ids()).toSorted()).toEqual(["fresh", "pending"]);
    });
  });
}
