import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { DeliveryActionView, DeliveryPreviewView, DeliveryView } from "../../src/contract/delivery-view.ts";
import { WorkflowView } from "../../src/contract/workflow-view.ts";
import { createDeliveryExecutor } from "../../src/engine/executors/delivery-executor.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

let api: Api;
let allowed = "";
let out = "";
let turn = 0;

beforeAll(async () => {
  allowed = await mkdtemp(join(tmpdir(), "orca-deliveries-"));
  api = await openApi({ config: { delivery: { directory: { allowed: [allowed] } } as never } });
  const { secrets, parts } = api;
  const delivery = createDeliveryExecutor({ actions: parts.deliveryActions, secrets });
  Object.assign(api.script.executors, { delivery });
});
beforeEach(() => {
  out = join(allowed, `out-${(turn += 1)}`);
});
afterAll(async () => {
  await api.close();
  await rm(allowed, { recursive: true });
});

const directory = () => ({ action: "directory", config: { path: out } });

async function started(delivery: unknown): Promise<string> {
  const answer = await api.post("/api/v1/workflows", { request: "Say hello.", delivery });
  return ((await answer.json()) as WorkflowView).id;
}

/** A workflow whose delivery has failed: a file is in the place of its directory. */
async function stuck(): Promise<string> {
  await writeFile(out, "in the way");
  const id = await started(directory());
  await parked(id);
  return id;
}

async function parked(id: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = api.engine.subscribe({ tenant_id: "default", actor: "test" }, id, (events) => {
    if (events.some(({ event }) => event.type === "state.transition" && event.payload.to === "paused"))
      resolve();
  });
  if ((await read(id)).status !== "paused") await promise;
  stop();
}

async function read(id: string): Promise<WorkflowView> {
  return WorkflowView.strict().parse(await (await api.call(`/api/v1/workflows/${id}`)).json());
}

async function deliveries(id: string): Promise<DeliveryView[]> {
  const answer = await api.call(`/api/v1/workflows/${id}/deliveries`);
  const { data } = (await answer.json()) as { data: unknown[] };
  return data.map((one) => DeliveryView.strict().parse(one));
}

const deliver = (id: string, body: unknown = {}, more = "") =>
  api.post(`/api/v1/workflows/${id}/deliveries${more}`, body);

async function closedAgain(id: string, version: number): Promise<WorkflowView> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = api.engine.subscribe({ tenant_id: "default", actor: "test" }, id, (events) => {
    if (events.some(({ event }) => event.type === "workflow.closed" && event.seq > version)) resolve();
  });
  const { closed, version: now } = await read(id);
  if (!closed || now <= version) await promise;
  stop();
  return read(id);
}

describe("a delivery that has failed", () => {
  test("says why, keeps the files, and is made again", async () => {
    const id = await stuck();
    const before = await read(id);
    expect(before.waiting).toMatchObject({ reason: "delivery_failed" });
    expect(before.delivery).toMatchObject({
      id: "d1",
      status: "failed",
      message: expect.stringContaining(out) as string,
    });
    expect(before.artifacts).toHaveLength(1);
    await rm(out);
    await mkdir(out);
    const answer = await deliver(id);
    expect(answer.status).toBe(200);
    const { version } = WorkflowView.strict().parse(await answer.json());
    const after = await closedAgain(id, version - 1);
    expect(after.status).toBe("completed");
    expect(after.deliveries.map((one) => `${one.id} ${one.action} ${one.status}`)).toEqual([
      "d1 directory failed",
      "d2 directory delivered",
    ]);
    expect(after.delivery).toEqual(after.deliveries.at(-1));
    expect(await deliveries(id)).toEqual(after.deliveries);
  });

  test("goes elsewhere, by a link that resolves", async () => {
    const id = await stuck();
    const { version } = await read(id);
    await deliver(id, { delivery: { action: "api-response" } });
    const { delivery } = await closedAgain(id, version);
    expect(delivery?.status).toBe("delivered");
    for (const link of delivery?.links ?? []) expect((await api.call(link)).status).toBe(200);
    expect(delivery?.links).toHaveLength(1);
  });

  test("is done without, for a reason that stays", async () => {
    const id = await stuck();
    const answer = await deliver(id, { reason: " Not wanted. " }, "/skip");
    expect(answer.status).toBe(200);
    expect(WorkflowView.parse(await answer.json())).toMatchObject({
      status: "completed",
      delivery: { status: "skipped", message: "Not wanted." },
    });
  });
});

test("a preview tells what would happen, and nothing does", async () => {
  const id = await started(null);
  await api.closed(id);
  const { version } = await read(id);
  const answer = await deliver(id, { delivery: directory() }, "/preview");
  expect(answer.status).toBe(200);
  const preview = DeliveryPreviewView.strict().parse(await answer.json());
  expect(preview).toMatchObject({ action: "directory", target: out, files: 1 });
  expect(preview.effects).toEqual(["docs/café (1).md: is written"]);
  await expect(readFile(out)).rejects.toMatchObject({ code: "ENOENT" });
  expect((await read(id)).version).toBe(version);
});

test("a completed workflow is delivered once more; the same key asks once", async () => {
  const id = await started(null);
  await api.closed(id);
  const { version } = await read(id);
  const again = () =>
    api.post(
      `/api/v1/workflows/${id}/deliveries`,
      { delivery: directory() },
      { "idempotency-key": `again-${id}` },
    );
  const [first, second] = [await again(), await again()];
  expect([first.status, second.status]).toEqual([200, 200]);
  const { deliveries: all } = await closedAgain(id, version);
  expect(all.map(({ action, status }) => `${action} ${status}`)).toEqual([
    "api-response delivered",
    "directory delivered",
  ]);
});

test("the actions tell what they do and how they are configured", async () => {
  const answer = await api.call("/api/v1/delivery-actions?limit=1000");
  const { data } = (await answer.json()) as { data: unknown[] };
  const actions = data.map((one) => DeliveryActionView.strict().parse(one));
  expect(actions.map(({ name }) => name)).toEqual(expect.arrayContaining(["api-response", "directory"]));
  const webhook = actions.find(({ name }) => name === "webhook");
  expect(webhook).toMatchObject({ outward: true, allowed: true });
  expect(webhook?.config["required"]).toEqual(expect.arrayContaining(["url", "secret"]));
});

describe("refused", () => {
  test.each([
    ["an action that does not exist", { action: "pigeon" }, "unknown_delivery_action", "/delivery/action"],
    [
      "a misspelt setting",
      { action: "directory", config: { pth: "/x" } },
      "invalid_delivery_config",
      "/delivery/config",
    ],
    [
      "a directory that is not allowed",
      { action: "directory", config: { path: "/etc" } },
      "invalid_delivery_config",
      "/delivery/config/path",
    ],
    [
      "a literal token",
      { action: "webhook", config: { url: "https://x.example", secret: `whsec_${"A".repeat(32)}` } },
      "invalid_delivery_config",
      "/delivery/config/secret",
    ],
  ])("%s, when the workflow is created and when it is delivered", async (_what, delivery, code, pointer) => {
    const id = await started(null);
    await api.closed(id);
    const at = {
      status: 422,
      code,
      errors: expect.arrayContaining([expect.objectContaining({ pointer })]) as unknown,
    };
    expect(await problemIn(await api.post("/api/v1/workflows", { request: "Hi.", delivery }))).toMatchObject(
      at,
    );
    expect(await problemIn(await deliver(id, { delivery }))).toMatchObject(at);
    expect(await deliveries(id)).toHaveLength(1);
  });

  test("a delivery of work that is not done", async () => {
    const release = api.script.hold("director");
    const id = await started(null);
    expect(await problemIn(await deliver(id))).toMatchObject({ status: 409, code: "not_deliverable" });
    release();
    await api.closed(id);
  });

  test("a reason that says nothing, and one that is missing", async () => {
    const id = await stuck();
    expect(await problemIn(await deliver(id, { reason: " " }, "/skip"))).toMatchObject({
      status: 422,
      code: "invalid_request",
    });
    expect(await problemIn(await deliver(id, {}, "/skip"))).toMatchObject({
      status: 422,
      code: "invalid_request",
    });
  });

  test("the deliveries of another tenant", async () => {
    const id = await started(null);
    await api.closed(id);
    const headers = { "x-tenant-id": "stranger" };
    const answer = await api.post(`/api/v1/workflows/${id}/deliveries`, {}, headers);
    expect(await problemIn(answer)).toMatchObject({ status: 404, code: "workflow_not_found" });
    expect((await api.call(`/api/v1/workflows/${id}/deliveries`, { headers })).status).toBe(404);
  });
});
