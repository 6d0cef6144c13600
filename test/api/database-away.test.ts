import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { type RunningPostgres, startPostgres } from "../postgres/start-postgres.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

let postgres: RunningPostgres;
let api: Api;
const unhandled = vi.fn<(reason: unknown) => void>();
beforeAll(async () => {
  process.on("unhandledRejection", unhandled);
  postgres = await startPostgres();
  api = await openApi({ config: { database: postgres.url } });
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
  process.off("unhandledRejection", unhandled);
});

/** Every route that needs the database; the workflow is closed, so that nothing of it is in memory. */
function requests(id: string): readonly (readonly [method: "GET" | "POST", path: string, body?: object])[] {
  const workflow = `/api/v1/workflows/${id}`;
  return [
    ["GET", "/readyz"],
    ["GET", "/api/v1/readyz"],
    ["GET", "/api/v1/workflows"],
    ["POST", "/api/v1/workflows", { request: "Write." }],
    ["GET", workflow],
    ["GET", `${workflow}/events`],
    ["GET", `${workflow}/stream`],
    ["GET", `${workflow}/steps`],
    ["GET", `${workflow}/findings`],
    ["GET", `${workflow}/artifacts`],
    ["GET", `${workflow}/artifacts/a1`],
    ["POST", `${workflow}/pause`, {}],
    ["POST", `${workflow}/resume`, {}],
    ["POST", `${workflow}/cancel`, {}],
    ["GET", "/api/v1/usage"],
  ];
}

/** Writes are sent with and without a key: without, the engine is the first to meet the store. */
function send(method: "GET" | "POST", path: string, body?: object): Promise<Response[]> {
  if (method === "GET") return api.call(path).then((answer) => [answer]);
  return Promise.all([api.post(path, body, { "idempotency-key": `k-${path}` }), api.post(path, body)]);
}

const AWAY = { status: 503, code: "storage_unreachable", retryable: true, waits: true };

async function eventually(condition: () => Promise<boolean>, withinMs: number): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms`);
  }
  return performance.now() - began;
}

test("while PostgreSQL is away every route answers 503 with Retry-After, and works again when it is back", async () => {
  const { id } = await api.create();
  await api.closed(id);
  for (let outage = 1; outage <= 2; outage += 1) {
    await postgres.halt();
    for (const [method, path, body] of requests(id)) {
      const began = performance.now();
      for (const answer of await send(method, path, body)) {
        const waits = Number(answer.headers.get("retry-after")) > 0;
        const { status, code, retryable } = await problemIn(answer);
        expect({ method, path, status, code, retryable, waits }).toEqual({ method, path, ...AWAY });
      }
      expect({ path, soon: performance.now() - began < 6_000 }).toEqual({ path, soon: true });
    }
    expect((await api.call("/healthz")).status).toBe(200);
    await postgres.resume();
    await eventually(async () => (await api.call("/readyz")).status === 200, 10_000);
    expect((await api.call(`/api/v1/workflows/${id}`)).status).toBe(200);
    await api.closed((await api.create()).id);
  }
  expect(unhandled).not.toHaveBeenCalled();
});

test("a workflow that runs when PostgreSQL goes away goes on when it is back", async () => {
  const release = api.script.hold("architect");
  const { id } = await api.create();
  await api.reached(id, "step.started", "architect");
  await postgres.halt();
  release();
  expect((await api.call("/readyz")).status).toBe(503);
  await postgres.resume();
  await eventually(async () => (await api.call("/readyz")).status === 200, 10_000);
  await api.closed(id);
  expect(unhandled).not.toHaveBeenCalled();
});
