import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { newestDelivery } from "../core/workflow/state.ts";
import { plausibleAnswers } from "./testing/plausible-answers.testsuite.ts";
import type { ModelCall } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, STORES, type TestEngine } from "./testing/test-engine.testsuite.ts";

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
const ONCE = Object.fromEntries(EVERY_STEP.map((step) => [step, 1]));

/** Types of the events of one step, in order. */
function around(events: readonly WorkflowEvent[], stepId: string): string[] {
  return events.filter((event) => event.step_id === stepId).map((event) => event.type);
}

function indexOf(events: readonly WorkflowEvent[], type: string, stepId: string): number {
  return events.findIndex((event) => event.type === type && event.step_id === stepId);
}

/** The most calls of one kind that were in flight at a time. */
function mostAtOnce(calls: readonly ModelCall[], ofKind: (call: ModelCall) => boolean): number {
  return Math.max(0, ...calls.filter(ofKind).map((call) => call.beside.filter(ofKind).length));
}

describe.each(STORES)("on %s", (store) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine({ store, max_concurrent_workflows: 50 });
  });
  afterAll(() => engine.close());
  afterEach(() => engine.model.reset());

  test("a request becomes artifacts in one request a step, and the journal tells how", async () => {
    const id = await engine.run();
    const events = await engine.events(id);
    const transitions = events.flatMap((event) =>
      event.type === "state.transition" ? [[event.payload.from, event.payload.to]] : [],
    );
    expect(transitions).toEqual([
      ["pending", "running"],
      ["running", "completed"],
    ]);
    expect(around(events, "director")).toEqual([
      "step.started",
      "role.started",
      "model.requested",
      "model.called",
      "document.written",
      "role.completed",
      "step.completed",
    ]);
    expect(around(events, "task:a")).toEqual([
      "step.started",
      "role.started",
      "task.started",
      "model.requested",
      "model.called",
      "artifact.produced",
      "role.completed",
      "task.completed",
      "step.completed",
    ]);
    const completed = events.filter((event) => event.type === "step.completed").map((event) => event.step_id);
    expect(new Set(completed)).toEqual(new Set([...EVERY_STEP, "validation:0", "delivery"]));
    expect(completed).toHaveLength(EVERY_STEP.length + 2);
    expect(completed.filter((step) => !step?.startsWith("task:"))).toEqual([
      "director",
      "project_manager",
      "architect:0",
      "validation:0",
      "qa:0",
      "finalizer",
      "delivery",
      "refiner:1",
    ]);
    expect(events[0]?.type).toBe("workflow.created");
    expect(events.at(-1)?.type).toBe("workflow.closed");
    expect(engine.model.requestsPerStep(id)).toEqual(ONCE);

    const state = await engine.state(id);
    expect(state.head.status).toBe("completed");
    expect(newestDelivery(state)).toMatchObject({ status: "delivered", action: "api-response" });
    const contents = await engine.tenant.readBlobs([...state.artifacts.values()].map(({ hash }) => hash));
    expect([...contents.values()].toSorted()).toEqual(["a", "b", "c"].map((key) => `hello from ${key}\n`));
    const calls = await engine.tenant.listModelCalls(id);
    expect(calls.map(({ step_id }) => step_id).toSorted()).toEqual(EVERY_STEP.toSorted());
    expect(calls.every(({ model_asked, error }) => model_asked === "small" && error === null)).toBe(true);
  });

  test("the journal folds to the stored rows and has no gap", async () => {
    const id = await engine.run();
    const { folded, stored, numbers } = await engine.journal(id);
    expect(folded).toEqual(stored);
    expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
  });

  test("whoever listens hears every event once, in order, as it is stored", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    const heard: WorkflowEvent[] = [];
    const stop = engine.engine.subscribe(PERSON, id, (events) =>
      heard.push(...events.map(({ event }) => event)),
    );
    held.release();
    await engine.closed(id);
    stop();
    const stored = await engine.events(id);
    expect(heard).toEqual(stored.slice(-heard.length));
    expect(around(heard, "director")).toContain("step.completed");
  });

  test("tasks without a dependency between them run side by side, others in their order", async () => {
    const [a, b] = [engine.model.hold("task:a"), engine.model.hold("task:b")];
    const id = await engine.create();
    await Promise.all([a.arrived, b.arrived]);
    a.release();
    await engine.reached(id, "step.completed", "task:a");
    expect(around(await engine.events(id), "task:c")).toEqual([]);
    b.release();
    await engine.closed(id);
    const events = await engine.events(id);
    expect(indexOf(events, "step.started", "task:c")).toBeGreaterThan(
      indexOf(events, "step.completed", "task:b"),
    );
    expect(indexOf(events, "step.started", "qa:0")).toBeGreaterThan(
      indexOf(events, "step.completed", "task:c"),
    );
  });

  test("50 workflows at once all complete with one request a step", async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => engine.create()));
    await Promise.all(ids.map((id) => engine.closed(id)));
    const states = await Promise.all(ids.map((id) => engine.state(id)));
    expect(new Set(states.map(({ head }) => head.status))).toEqual(new Set(["completed"]));
    for (const id of ids) expect(engine.model.requestsPerStep(id)).toEqual(ONCE);
  });

  test("a blocking finding leads to a repair, and what the repair settles is delivered", async () => {
    engine.model.answers = plausibleAnswers({ blocks: (cycle) => cycle === 0 });
    const state = await engine.state(await engine.run());
    expect(state.head).toMatchObject({ status: "completed", cycle: 1 });
    expect([...state.findings.values()].map(({ status }) => status)).toEqual(["resolved"]);
    const revisions = [...state.artifacts.values()].filter(({ path }) => path === "a.txt");
    expect(new Set(revisions.map(({ revision }) => revision))).toEqual(new Set([1, 2]));
  });

  test("QA that keeps blocking fails the workflow after max_qa_retries cycles", async () => {
    engine.model.answers = plausibleAnswers({ blocks: () => true });
    const id = await engine.run({ max_qa_retries: 1 });
    const { head } = await engine.state(id);
    expect(head).toMatchObject({ status: "failed", cycle: 1, error: { code: "stalled" } });
    expect(Object.keys(engine.model.requestsPerStep(id)).filter((step) => step.startsWith("qa:"))).toEqual([
      "qa:0",
      "qa:1",
    ]);
    expect(engine.model.requestsPerStep(id)["refiner:1"]).toBe(1);
  });
});

describe("limits", () => {
  test("no more tasks of a workflow run at once than it may have", async () => {
    const engine = await openTestEngine({ workflow: { max_concurrent_tasks: 3 } });
    engine.model.answers = plausibleAnswers({
      graph: Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`t${index}`, []])),
    });
    const id = await engine.run();
    const isTask = (call: ModelCall): boolean => call.step_id.startsWith("task:");
    expect(mostAtOnce(engine.model.of(id), isTask)).toBe(3);
    expect(engine.model.of(id).filter(isTask)).toHaveLength(12);
    await engine.close();
  });

  test("no more workflows run at once than may, and the others begin in the order in which they came", async () => {
    const engine = await openTestEngine({ max_concurrent_workflows: 2 });
    const first = [engine.model.hold("director"), engine.model.hold("director")];
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) ids.push(await engine.create());
    await Promise.all(first.map((held) => held.arrived));
    expect(engine.model.calls.map((call) => call.workflow_id)).toEqual(ids.slice(0, 2));
    const waiting = await Promise.all(ids.slice(2).map((id) => engine.state(id)));
    expect(waiting.map(({ head }) => head.status)).toEqual(["pending", "pending", "pending", "pending"]);
    for (const held of first) held.release();
    await Promise.all(ids.map((id) => engine.closed(id)));
    const begun = engine.model.calls
      .filter((call) => call.role === "director")
      .map((call) => call.workflow_id);
    expect(begun).toEqual(ids);
    for (const call of engine.model.calls) {
      expect(new Set(call.beside.map((other) => other.workflow_id)).size).toBeLessThanOrEqual(2);
    }
    await engine.close();
  });

  test("a paused workflow gives its place to the next", async () => {
    const engine = await openTestEngine({ max_concurrent_workflows: 1 });
    const held = engine.model.hold("director");
    const one = await engine.create();
    const other = await engine.create();
    await held.arrived;
    await engine.engine.pause(PERSON, one);
    expect(engine.model.of(other)).toEqual([]);
    held.release();
    expect((await engine.closed(other)).head.status).toBe("completed");
    expect((await engine.state(one)).head.status).toBe("paused");
    await engine.close();
  });
});
