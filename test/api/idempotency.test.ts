import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { WorkflowView } from "../../src/contract/workflow-view.ts";
import { type Storage, StorageError, type TenantStorage } from "../../src/ports/storage.ts";
import { createServer } from "../../src/server/create-server.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";

const WORKFLOWS = "/api/v1/workflows";

let api: Api;
let failNextAnswer = false;
let holdNextAnswer: Promise<void> | null = null;

describe.each(STORES)("on %s", (store) => {
  beforeAll(async () => {
    api = await openApi({
      store,
      wrap: (parts) => ({ ...parts, storage: withFailingAnswers(parts.storage) }),
    });
  });
  afterAll(() => api.close());

  async function count(tenant: string): Promise<number> {
    const list = await api.call(`${WORKFLOWS}?limit=1000`, { headers: { "x-tenant-id": tenant } });
    return ((await list.json()) as { data: unknown[] }).data.length;
  }

  function keyed(tenant: string): { key: string; headers: Record<string, string> } {
    const key = randomUUID();
    return { key, headers: { "idempotency-key": key, "x-tenant-id": tenant } };
  }

  test("a repeat gets the first answer: status, body and Location", async () => {
    const { headers } = keyed("repeat");
    const first = await api.post(WORKFLOWS, { request: "a" }, headers);
    const second = await api.post(WORKFLOWS, { request: "a" }, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.text()).toBe(await first.text());
    for (const name of ["location", "content-type"])
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await count("repeat")).toBe(1);
  });

  test("twenty at once make one workflow", async () => {
    const { headers } = keyed("twenty");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.post(WORKFLOWS, { request: "a" }, headers)),
    );
    const created = answers.filter((answer) => answer.status === 201);
    expect(created.length).toBeGreaterThan(0);
    const ids = await Promise.all(created.map(async (answer) => ((await answer.json()) as WorkflowView).id));
    expect(new Set(ids).size).toBe(1);
    for (const answer of answers.filter((each) => each.status !== 201)) {
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await problemIn(answer)).toMatchObject({
        status: 409,
        code: "idempotency_in_flight",
        retryable: true,
      });
    }
    expect(await count("twenty")).toBe(1);
  });

  test("while the first is not answered, a repeat is told to come again", async () => {
    const { headers } = keyed("in-flight");
    const late = Promise.withResolvers<void>();
    holdNextAnswer = late.promise;
    const first = api.post(WORKFLOWS, { request: "a" }, headers);
    await vi.waitFor(async () => expect(await count("in-flight")).toBe(1));
    const second = await api.post(WORKFLOWS, { request: "a" }, headers);
    expect(second.headers.get("retry-after")).toBe("1");
    expect(await problemIn(second)).toMatchObject({ status: 409, code: "idempotency_in_flight" });
    late.resolve();
    const answered = await (await first).text();
    expect(await (await api.post(WORKFLOWS, { request: "a" }, headers)).text()).toBe(answered);
  });

  test("the same key with another body, path or scope is refused", async () => {
    const { headers } = keyed("reuse");
    const first = (await (await api.post(WORKFLOWS, { request: "a" }, headers)).json()) as WorkflowView;
    const others = [
      await api.post(WORKFLOWS, { request: "b" }, headers),
      await api.post(`${WORKFLOWS}/${first.id}/cancel`, { request: "a" }, headers),
      await api.post(WORKFLOWS, { request: "a" }, { ...headers, "x-scope-id": "team" }),
    ];
    for (const answer of others) {
      expect(await problemIn(answer)).toMatchObject({ status: 422, code: "idempotency_key_reused" });
    }
    expect(await count("reuse")).toBe(1);
  });

  test("a key belongs to its tenant", async () => {
    const { key, headers } = keyed("tenant-a");
    const mine = (await (await api.post(WORKFLOWS, { request: "a" }, headers)).json()) as WorkflowView;
    const theirs = await api.post(
      WORKFLOWS,
      { request: "a" },
      { "idempotency-key": key, "x-tenant-id": "tenant-b" },
    );
    expect(theirs.headers.get("idempotency-replayed")).toBeNull();
    expect(((await theirs.json()) as WorkflowView).id).not.toBe(mine.id);
  });

  test("after a refusal the key is free for the mended request", async () => {
    const { headers } = keyed("mended");
    expect((await api.post(WORKFLOWS, { request: "" }, headers)).status).toBe(422);
    expect((await api.post(WORKFLOWS, { request: "a" }, headers)).status).toBe(201);
  });

  test("steering is repeated harmlessly too", async () => {
    const release = api.script.hold("director");
    const { id } = await api.create();
    const headers = { "idempotency-key": randomUUID() };
    const first = await api.post(`${WORKFLOWS}/${id}/cancel`, undefined, headers);
    const second = await api.post(`${WORKFLOWS}/${id}/cancel`, undefined, headers);
    release();
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.text()).toBe(await first.text());
    expect((await api.post(`${WORKFLOWS}/${id}/cancel`)).status).toBe(409);
  });

  test("a key that a dead process left without an answer is carried out again, to the same workflow", async () => {
    const { headers } = keyed("takeover");
    failNextAnswer = true;
    const first = (await (await api.post(WORKFLOWS, { request: "a" }, headers)).json()) as WorkflowView;
    await api.closed(first.id, "takeover");
    await api.storage.cluster?.leave(); // only a dead owner is inherited from

    const restarted = createServer({ ...api.parts, instance_id: "the next process" });
    const repeat = (body: object): Promise<Response> =>
      Promise.resolve(
        restarted.request(WORKFLOWS, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    expect(await problemIn(await repeat({ request: "b" }))).toMatchObject({ code: "idempotency_key_reused" });
    const second = await repeat({ request: "a" });
    expect(second.status).toBe(201);
    expect(((await second.json()) as WorkflowView).id).toBe(first.id);
    expect(second.headers.get("idempotency-replayed")).toBeNull();
    expect((await repeat({ request: "a" })).headers.get("idempotency-replayed")).toBe("true");
    expect(await count("takeover")).toBe(1);
  });

  test("an answer that could not be stored does not lock its key", async () => {
    const { headers } = keyed("stranded");
    failNextAnswer = true;
    const first = await api.post(WORKFLOWS, { request: "a" }, headers);
    expect(first.status).toBe(201);
    const second = await api.post(WORKFLOWS, { request: "a" }, headers);
    expect(second.status).toBe(201);
    expect(((await second.json()) as WorkflowView).id).toBe(((await first.json()) as WorkflowView).id);
    expect(await count("stranded")).toBe(1);
  });
});

/** The real storage, but for one answer that it fails to keep, or keeps late. */
function withFailingAnswers(storage: Storage): Storage {
  const failing = (tenant: TenantStorage): TenantStorage =>
    new Proxy(tenant, {
      get: (target, name) => {
        if (name === "answerIdempotencyKey" && failNextAnswer) {
          failNextAnswer = false;
          return () => Promise.reject(new StorageError("storage_unreachable", "cut off"));
        }
        if (name === "answerIdempotencyKey" && holdNextAnswer !== null) {
          const held = holdNextAnswer;
          holdNextAnswer = null;
          return async (...given: Parameters<TenantStorage["answerIdempotencyKey"]>) => {
            await held;
            await target.answerIdempotencyKey(...given);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  return {
    system: storage.system,
    cluster: storage.cluster,
    limitStore: storage.limitStore,
    forTenant: (id) => failing(storage.forTenant(id)),
    close: () => storage.close(),
  };
}
