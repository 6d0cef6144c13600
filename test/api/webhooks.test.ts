import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { MessageView } from "../../src/contract/message-view.ts";
import { aCommit, aMessage } from "../../src/storage/testsuite/a-commit.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";

type Page = { readonly data: MessageView[]; readonly next_cursor: string | null };

const MESSAGES = "/api/v1/webhooks/messages";
const moment = (second: number): string => new Date(Date.UTC(2026, 10, 1, 0, 0, second)).toISOString();

describe.each(STORES)("messages to webhooks on %s", (store) => {
  let api: Api;
  let woken = 0;
  beforeAll(async () => {
    api = await openApi({ store, wrap: (parts) => ({ ...parts, outbox: { wake: () => (woken += 1) } }) });
    await plant("default", "wf_one", ["m1", "m2"]);
    await plant("default", "wf_other", ["m3", "m4", "m5"]);
    await plant("stranger", "wf_theirs", ["theirs"]);
    const { outbox } = api.storage.system;
    const claimed = await outbox.claim({ now: Date.now(), lease_ms: 1_000, limit: 100, except: [] });
    for (const message of claimed) {
      const due_at = Date.parse(message.created_at) + 1_000;
      const known = { attempts: 3, due_at, last_result: "The receiver answered 500." };
      if (message.id === "m2") await outbox.settle(message, { ...known, status: "dead", delivered_at: null });
      if (message.id === "m3")
        await outbox.settle(message, { ...known, status: "delivered", delivered_at: moment(9) });
    }
  });
  afterAll(() => api.close());

  async function plant(tenant_id: string, workflow_id: string, ids: readonly string[]): Promise<void> {
    const messages = ids.map((id) =>
      aMessage({ id, workflow_id, created_at: moment(Number(id.slice(1)) || 0) }),
    );
    expect(
      await api.storage.forTenant(tenant_id).commit(aCommit({ tenant_id, workflow_id, messages })),
    ).toEqual({ ok: true });
  }

  async function list(query = "", tenant = "default"): Promise<Page> {
    const answer = await api.call(`${MESSAGES}${query}`, { headers: { "x-tenant-id": tenant } });
    if (answer.status !== 200) throw new Error(await answer.text());
    const { data, next_cursor } = (await answer.json()) as Page;
    return { data: data.map((one) => MessageView.strict().parse(one)), next_cursor };
  }

  const idsOf = ({ data }: Page): string[] => data.map(({ id }) => id);

  test("are listed newest first, those of the caller's tenant", async () => {
    const page = await list();
    expect(idsOf(page)).toEqual(["m5", "m4", "m3", "m2", "m1"]);
    expect(page.data[3]).toEqual({
      id: "m2",
      workflow_id: "wf_one",
      endpoint: "hooks",
      type: "workflow.completed",
      status: "dead",
      attempts: 3,
      next_attempt_at: null,
      last_result: "The receiver answered 500.",
      created_at: moment(2),
      delivered_at: null,
    });
    expect(page.data[4]).toMatchObject({ status: "pending", next_attempt_at: expect.any(String) as unknown });
    expect(idsOf(await list("", "stranger"))).toEqual(["theirs"]);
  });

  test("are found by status and workflow, a page at a time", async () => {
    expect(idsOf(await list("?status=dead,delivered"))).toEqual(["m3", "m2"]);
    expect(idsOf(await list("?workflow_id=wf_other&status=pending"))).toEqual(["m5", "m4"]);
    const first = await list("?limit=2");
    const second = await list(`?limit=2&cursor=${first.next_cursor}`);
    const third = await list(`?limit=2&cursor=${second.next_cursor}`);
    expect([first, second, third].map(idsOf)).toEqual([["m5", "m4"], ["m3", "m2"], ["m1"]]);
    expect(third.next_cursor).toBeNull();
  });

  test.each(["?status=lost", "?workflow=wf_one", "?cursor=x", "?limit=0"])("%s is refused", async (query) => {
    const answer = await api.call(`${MESSAGES}${query}`);
    expect(answer.status).toBe(422);
    expect((await problemIn(answer)).code).toBe("invalid_request");
  });

  test("are sent again when somebody asks, with all attempts before them", async () => {
    const before = woken;
    const answer = await api.post(`${MESSAGES}/m2/redeliver`);
    expect(answer.status).toBe(202);
    // Whoever sends from this process need not look for it first.
    expect(woken - before).toBe(1);
    expect(await answer.json()).toMatchObject({
      id: "m2",
      status: "pending",
      attempts: 0,
      delivered_at: null,
    });
    const claim = { now: Date.now(), lease_ms: 1_000, limit: 100, except: [] };
    expect((await api.storage.system.outbox.claim(claim)).map(({ id }) => id)).toContain("m2");
  });

  test.each(["unknown", "theirs", "..%2Fx", "a b"])("%s is no message of the caller's", async (id) => {
    const answer = await api.post(`${MESSAGES}/${id}/redeliver`);
    expect(answer.status).toBe(404);
    expect((await problemIn(answer)).code).toBe("message_not_found");
  });
});
