import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";

import { freshDatabase, type FreshDatabase } from "../postgres/fresh-database.ts";
import { FakeModel } from "./fake-model.ts";
import { type Json, OrcaProcess } from "./orca-process.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

const EVERY_STEP = [
  "director",
  "project_manager",
  "architect:0",
  "task:a",
  "task:b",
  "task:c",
  "qa:0",
  "finalizer",
  "refiner:1",
];

describe.each(["sqlite", "postgres"] as const)("on %s", (store) => {
  const model = new FakeModel(scriptedAnswers());
  let database: FreshDatabase | null = null;
  let orca: OrcaProcess;

  beforeAll(async () => {
    if (store === "postgres") database = await freshDatabase(inject("postgresUrl"));
    orca = await OrcaProcess.prepare(await model.start(), database?.url ?? null);
    await orca.start();
  });
  afterAll(async () => {
    await orca.remove();
    await database?.drop();
    await model.stop();
  });
  afterEach(() => model.calls.splice(0));

  async function create(): Promise<string> {
    const { status, body } = await orca.post("/workflows", { request: "Write three files." });
    expect(status).toBe(201);
    return body["id"] as string;
  }

  test("a workflow paused between roles survives kill -9 and runs no finished step twice", async () => {
    const held = model.hold("project_manager");
    const id = await create();
    await held.arrived;
    expect((await orca.post(`/workflows/${id}/pause`)).body["status"]).toBe("paused");
    held.release();
    await orca.reached(id, "step.completed", "project_manager");
    expect(model.requestsPerStep(id)).toEqual({ director: 1, project_manager: 1 });

    await orca.kill("SIGKILL");
    await orca.start();
    expect((await orca.get(`/workflows/${id}`))["waiting"]).toMatchObject({ reason: "asked" });
    expect((await orca.post(`/workflows/${id}/resume`)).status).toBe(200);
    await orca.reached(id, "workflow.closed");

    expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
    expect(model.requestsPerStep(id)).toEqual(Object.fromEntries(EVERY_STEP.map((step) => [step, 1])));
  });

  test("kill -9 in the middle of parallel tasks costs only the calls in flight", async () => {
    const heldA = model.hold("task:a");
    const heldB = model.hold("task:b");
    const id = await create();
    await Promise.all([heldA.arrived, heldB.arrived]);
    heldB.release();
    await orca.reached(id, "step.completed", "task:b");
    await orca.kill("SIGKILL");
    heldA.release();
    await orca.start();
    await orca.reached(id, "workflow.closed");

    expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
    const expected = { ...Object.fromEntries(EVERY_STEP.map((step) => [step, 1])), "task:a": 2 };
    expect(model.requestsPerStep(id)).toEqual(expected);
    const attempts = model.calls.filter((call) => call.step === "task:a").map((call) => call.attempt);
    expect(attempts).toEqual([1, 2]);
  });

  test("SIGTERM hands a running step back, and the next start goes on", async () => {
    const held = model.hold("qa:0");
    const id = await create();
    await held.arrived;
    const stopping = orca.kill("SIGTERM");
    held.release();
    await stopping;
    await orca.start();
    await orca.reached(id, "workflow.closed");
    expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
    expect(model.requestsPerStep(id)["qa:0"]).toBeLessThanOrEqual(2);
  });

  test("the stream resumes from any Last-Event-ID with exactly what is missing, and ends with 204", async () => {
    const id = await create();
    const live = await orca.follow(id, 0, () => false);
    const stored = await orca.events(id);
    expect(stored.map((event) => event["seq"])).toEqual(stored.map((_event, index) => index + 1));
    expect(live.map((frame) => JSON.parse(frame.data) as Json)).toEqual(stored);
    for (let last = 1; last <= stored.length; last += 9) {
      const rest = await orca.follow(id, last, () => false);
      expect(rest.map((frame) => Number(frame.id))).toEqual(
        stored.slice(last).map((event) => event["seq"] as number),
      );
    }
    expect(await orca.follow(id, stored.length, () => false)).toEqual([]);
  });
});
