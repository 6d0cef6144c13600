import { afterEach, describe, expect, test } from "vitest";

import { OrcaError } from "../core/orca-error.ts";
import { failing } from "./testing/scripted-model.testsuite.ts";
import {
  openTestEngine,
  PERSON,
  REQUEST,
  STORES,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

let engine: TestEngine;
afterEach(() => engine.close());

async function open(options?: TestEngineOptions): Promise<void> {
  engine = await openTestEngine(options);
}
async function crash(): Promise<void> {
  engine = await engine.crash();
}

/** What became of each attempt at a step. */
async function attemptsAt(id: string, stepId: string): Promise<[number, string][]> {
  return (await engine.events(id)).flatMap((event): [number, string][] => {
    if (event.step_id !== stepId) return [];
    if (event.type === "step.started") return [[event.payload.attempt, "started"]];
    if (event.type === "step.completed") return [[event.payload.attempt, "completed"]];
    if (event.type === "step.failed") return [[event.payload.attempt, event.payload.code]];
    return [];
  });
}

describe.each(STORES)("on %s", (store) => {
  test("a stop without grace aborts what runs and gives it back; the next start goes on", async () => {
    await open({ store });
    const held = engine.model.hold("task:a");
    const id = await engine.create();
    const call = await held.arrived;
    await engine.reached(id, "step.completed", "task:b");
    engine = await engine.restart();
    expect(call.outcome).toBe("aborted");
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(await attemptsAt(id, "task:a")).toEqual([
      [1, "started"],
      [1, "released"],
      [2, "started"],
      [2, "completed"],
    ]);
    expect(engine.model.requestsPerStep(id)).toMatchObject({ director: 1, "task:a": 2, "task:b": 1 });
  });

  test("a node that goes begins no further call: the step is handed over, with what it was answered", async () => {
    await open({ store });
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    engine.model.next("director", async () => {
      arrived.resolve();
      await gate.promise;
      return "this is no JSON, so that it has to be asked again";
    });
    const id = await engine.create();
    await arrived.promise;
    const gone = engine.app.close(60_000);
    gate.resolve();
    await gone;
    expect(engine.model.requestsPerStep(id)).toEqual({ director: 1 });
    engine = await engine.join();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)["director"]).toBe(2);
    expect(await attemptsAt(id, "director")).toEqual([
      [1, "started"],
      [1, "released"],
      [2, "started"],
      [2, "completed"],
    ]);
  });

  test("a crash costs only the requests in flight; what was finished is not asked again", async () => {
    await open({ store });
    const [a, b] = [engine.model.hold("task:a"), engine.model.hold("task:b")];
    const id = await engine.create();
    await Promise.all([a.arrived, b.arrived]);
    b.release();
    await engine.reached(id, "step.completed", "task:b");
    await crash();
    a.release(); // its answer comes to a process that is gone
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(await attemptsAt(id, "task:a")).toEqual([
      [1, "started"],
      [1, "interrupted"],
      [2, "started"],
      [2, "completed"],
    ]);
    expect(engine.model.requestsPerStep(id)).toEqual({
      director: 1,
      project_manager: 1,
      "architect:0": 1,
      "task:a": 2,
      "task:b": 1,
      "task:c": 1,
      "qa:0": 1,
      finalizer: 1,
      "refiner:1": 1,
    });
    const { folded, stored } = await engine.journal(id);
    expect(folded).toEqual(stored);
  });

  test("twenty workflows that a crash meets anywhere all complete", async () => {
    await open({ store, max_concurrent_workflows: 6 });
    const ids = await Promise.all(Array.from({ length: 20 }, () => engine.create()));
    const middle = ids[4] ?? "";
    await engine.reached(middle, "step.completed", "task:a");
    await crash();
    for (const id of ids) {
      expect((await engine.closed(id)).head.status).toBe("completed");
      const extra = Object.values(engine.model.requestsPerStep(id)).filter((requests) => requests > 2);
      expect(extra).toEqual([]);
    }
  });

  test("a paused workflow stays paused over a crash, and its orphaned step is tried again on resume", async () => {
    await open({ store });
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await engine.engine.pause(PERSON, id);
    await crash();
    await engine.engine.pause(PERSON, id);
    expect(engine.model.of(id)).toHaveLength(1);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(await attemptsAt(id, "director")).toEqual([
      [1, "started"],
      [1, "interrupted"],
      [2, "started"],
      [2, "completed"],
    ]);
  });
});

describe("stop", () => {
  test("gives running steps their grace and starts nothing meanwhile", async () => {
    await open();
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    const stopping = engine.engine.stop(5_000);
    await engine.clock.armed(5_000);
    held.release();
    await stopping;
    expect(await attemptsAt(id, "director")).toEqual([
      [1, "started"],
      [1, "completed"],
    ]);
    expect(Object.keys(engine.model.requestsPerStep(id))).toEqual(["director"]);
    engine = await engine.restart();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)["director"]).toBe(1);
  });

  test("aborts what still runs when the grace is over", async () => {
    await open();
    const held = engine.model.hold("director");
    const id = await engine.create();
    const call = await held.arrived;
    const stopping = engine.engine.stop(5_000);
    await engine.clock.armed(5_000);
    engine.clock.advance(4_999);
    expect(call.request.signal.aborted).toBe(false);
    engine.clock.advance(1);
    await stopping;
    expect(call.outcome).toBe("aborted");
    expect((await attemptsAt(id, "director")).at(-1)).toEqual([1, "released"]);
    expect(engine.clock.waits).toEqual([]);
  });

  test("is no failure of the step: however often, what it may fail is left", async () => {
    await open();
    const held = [0, 1, 2, 3, 4].map(() => engine.model.hold("director"));
    engine.model.next("director", failing("truncated", "cut off"));
    const id = await engine.create();
    for (const { arrived } of held) {
      await arrived;
      engine = await engine.restart();
    }
    await engine.clock.armed(750);
    engine.clock.advance(750);
    expect((await engine.closed(id)).head.status).toBe("completed");
  });

  test("refuses commands from then on", async () => {
    await open();
    const id = await engine.run();
    await engine.engine.stop(0);
    for (const refused of [
      engine.engine.create(PERSON, REQUEST),
      engine.engine.pause(PERSON, id),
      engine.engine.resume(PERSON, id, RESUME),
      engine.engine.cancel(PERSON, id),
    ]) {
      await expect(refused).rejects.toThrow(
        new OrcaError("shutting_down", "The server is stopping; try again in a moment."),
      );
    }
  });

  test("waits for a workflow whose creation is under way, and runs nothing of it", async () => {
    await open();
    const stopping = Promise.withResolvers<void>();
    engine.store.beforeCommit = async () => {
      engine.store.beforeCommit = null;
      await Promise.resolve();
      stopping.resolve(engine.engine.stop(0));
    };
    const id = await engine.create();
    await stopping.promise;
    expect(engine.model.calls).toEqual([]);
    expect(await attemptsAt(id, "director")).toEqual([
      [1, "started"],
      [1, "released"],
    ]);
    engine = await engine.restart();
    expect((await engine.closed(id)).head.status).toBe("completed");
  });
});

describe("the next start", () => {
  test("lets the Refiner look back on a failure that was not closed", async () => {
    await open();
    engine.model.next("architect:0", failing("refusal", "no"));
    const held = engine.model.hold("refiner:1");
    const id = await engine.create();
    await held.arrived;
    await crash();
    expect((await engine.closed(id)).head).toMatchObject({ status: "failed", closed: true });
    expect(await attemptsAt(id, "refiner:1")).toEqual([
      [1, "started"],
      [1, "interrupted"],
      [2, "started"],
      [2, "completed"],
    ]);
  });

  test("waits longer and longer with a step at which processes die, parks it in the end, and resume tries it once more", async () => {
    await open();
    const deaths = 20;
    const held = Array.from({ length: deaths }, () => engine.model.hold("director"));
    const id = await engine.create();
    for (const [index, { arrived }] of held.entries()) {
      await arrived;
      await crash();
      const inARow = index + 1;
      const ceiling = Math.min(10_000, 1000 * 2 ** index);
      if (inARow <= 3 || inARow === deaths) continue;
      await engine.clock.armed(ceiling * 0.75);
      engine.clock.advance(ceiling * 0.75);
    }
    expect((await engine.parked(id)).reason).toBe("step_keeps_crashing");
    expect(engine.model.of(id)).toHaveLength(deaths);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect((await attemptsAt(id, "director")).at(-1)).toEqual([deaths + 1, "completed"]);
  });

  test("waits out what is left of a pause between attempts", async () => {
    await open();
    engine.model.next("director", failing("rate_limited", "slow down", 60_000));
    const id = await engine.create();
    await engine.clock.armed(60_000);
    engine.clock.advance(20_000);
    await crash();
    await engine.clock.armed(40_000);
    engine.clock.advance(40_000);
    expect((await engine.closed(id)).head.status).toBe("completed");
    const [first, second] = (await engine.events(id)).filter((event) => event.type === "step.started");
    expect(Date.parse(second?.occurred_at ?? "") - Date.parse(first?.occurred_at ?? "")).toBe(60_000);
  });

  test("takes up workflows in the order in which they were created", async () => {
    await open({ max_concurrent_workflows: 1 });
    const held = engine.model.hold("director");
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      ids.push(await engine.create());
      engine.clock.advance(1);
    }
    await held.arrived;
    await crash();
    await Promise.all(ids.map((id) => engine.closed(id)));
    const begun = engine.model.calls.filter((call) => call.role === "director").slice(1);
    expect(begun.map((call) => call.workflow_id)).toEqual(ids);
  });

  test("keeps a workflow to the configuration that it was created under", async () => {
    await open();
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    engine = await engine.crash({ workflow: { default_model: "fake/large", max_qa_retries: 7 } });
    await engine.closed(id);
    expect(new Set(engine.model.of(id).map((call) => call.request.model))).toEqual(new Set(["small"]));
    const later = await engine.create();
    expect((await engine.closed(later)).head.max_qa_retries).toBe(7);
    expect(engine.model.of(later)[0]?.request.model).toBe("large");
  });
});
