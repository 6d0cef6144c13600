import { once } from "node:events";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, expect, test } from "vitest";

import { FakeModel } from "./fake-model.ts";
import { OrcaProcess } from "./orca-process.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

let model: FakeModel;
let orca: OrcaProcess;
beforeEach(async () => {
  model = new FakeModel(scriptedAnswers());
  orca = await OrcaProcess.prepare(await model.start(), null, ["shutdown_timeout_s: 2"]);
  await orca.start();
});
afterEach(async () => {
  await orca.remove();
  await model.stop();
});

async function create(): Promise<string> {
  const { status, body } = await orca.post("/workflows", { request: "Write three files." });
  expect(status).toBe(201);
  return body["id"] as string;
}

/** Resolves once the server has heard that it must go. */
async function unready(): Promise<Response> {
  for (;;) {
    const answer = await fetch(`${orca.url}/readyz`);
    if (answer.status !== 200) return answer;
    await answer.body?.cancel();
  }
}

test("a node that goes down says so, ends its streams, answers reads and lets a running step finish", async () => {
  const held = model.hold("qa:0");
  const id = await create();
  await held.arrived;
  const stream = await fetch(`${orca.url}/api/v1/workflows/${id}/stream`);
  const told = stream.text();

  const stopped = orca.kill("SIGTERM");
  const ready = await unready();
  expect(ready.status).toBe(503);
  expect(ready.headers.get("retry-after")).toBe("2");
  expect(ready.headers.get("connection")).toBe("close");
  expect(await told).toMatch(/\n\nretry: \d+\n\n$/);
  const refused = await orca.post("/workflows", { request: "Another one." });
  expect(refused).toMatchObject({ status: 503, body: { code: "shutting_down", retryable: true } });
  expect((await orca.get(`/workflows/${id}`))["status"]).toBe("running");
  expect((await fetch(`${orca.url}/api/v1/workflows/${id}/stream`)).status).toBe(503);
  held.release();
  expect(await stopped).toBe(0);
  await expect(fetch(`${orca.url}/healthz`)).rejects.toThrow("fetch failed");

  await orca.start();
  await orca.reached(id, "workflow.closed");
  expect(model.requestsPerStep(id)["qa:0"], "it had its time to finish").toBe(1);
});

test("a step that takes longer than its time is handed over", async () => {
  const held = model.hold("architect:0");
  const id = await create();
  await held.arrived;
  const began = performance.now();
  expect(await orca.kill("SIGTERM")).toBe(0);
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(1_900);
  expect(took).toBeLessThan(5_000);
  held.release();
  await orca.start();
  await orca.reached(id, "workflow.closed");
  expect(model.requestsPerStep(id)["architect:0"]).toBe(2);
  expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
});

test("a request that is half here when the signal comes is carried out", async () => {
  const body = JSON.stringify({ request: "Write three files." });
  const request: ClientRequest = http.request(`${orca.url}/api/v1/workflows`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  request.write(body.slice(0, 5));
  await once(request, "socket");
  expect((await fetch(`${orca.url}/readyz`)).status).toBe(200); // by now the server has the first half
  const stopped = orca.kill("SIGTERM");
  await unready();
  const another = await orca.post("/workflows", { request: "Another one." });
  expect(another, "who comes now goes elsewhere").toMatchObject({ status: 503 });
  request.end(body.slice(5));
  const [answer] = await answered;
  expect({ status: answer.statusCode, body: await text(answer) }).toMatchObject({ status: 201 });
  expect(answer.headers.connection).toBe("close");
  expect(await stopped).toBe(0);
});

test("a connection that is kept alive does not hold the process", async () => {
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get(`${orca.url}/healthz`, { agent });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  await text(answer);
  const began = performance.now();
  expect(await orca.kill("SIGTERM")).toBe(0);
  expect(performance.now() - began).toBeLessThan(1_500);
  agent.destroy();
});
