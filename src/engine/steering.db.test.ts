import { setImmediate as turn } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { OrcaError } from "../core/orca-error.ts";
import type { PublishedEvent } from "./engine.ts";
import { failing } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, REQUEST, type TestEngine } from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

let engine: TestEngine;
beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(() => engine.close());
afterEach(() => engine.model.reset());

async function codeOf(refused: Promise<unknown>): Promise<string> {
  try {
    await refused;
  } catch (error) {
    if (error instanceof OrcaError) return error.code;
    throw error;
  }
  return "not refused";
}

/** Starts of steps after `seq`. */
async function startsAfter(id: string, seq: number): Promise<(string | null)[]> {
  return (await engine.events(id))
    .filter((event) => event.type === "step.started" && event.seq > seq)
    .map((event) => event.step_id);
}

describe("pause", () => {
  test("lets the running steps finish and starts nothing", async () => {
    const [a, b] = [engine.model.hold("task:a"), engine.model.hold("task:b")];
    const id = await engine.create();
    await Promise.all([a.arrived, b.arrived]);
    const paused = await engine.engine.pause(PERSON, id);
    expect(paused.head).toMatchObject({ status: "paused", waiting: { kind: "paused", reason: "asked" } });
    a.release();
    b.release();
    await Promise.all([
      engine.reached(id, "step.completed", "task:a"),
      engine.reached(id, "step.completed", "task:b"),
    ]);
    await engine.engine.pause(PERSON, id); // whatever could have started has started by now
    expect(await startsAfter(id, paused.head.version)).toEqual([]);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)).toMatchObject({ "task:a": 1, "task:b": 1, "task:c": 1 });
  });

  test("twice is the same as once", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    const [first, second] = await Promise.all([
      engine.engine.pause(PERSON, id),
      engine.engine.pause(PERSON, id),
    ]);
    expect(second.head.version).toBe(first.head.version);
    expect((await engine.engine.pause(PERSON, id)).head.version).toBe(first.head.version);
    await engine.engine.cancel(PERSON, id);
  });

  test("and resume before the running step has ended keep its one request", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await engine.engine.pause(PERSON, id);
    await engine.engine.resume(PERSON, id, RESUME);
    held.release();
    await engine.closed(id);
    expect(engine.model.requestsPerStep(id)["director"]).toBe(1);
  });

  test("stops a step that waits for its next attempt; resume tries it at once", async () => {
    engine.model.next("director", failing("rate_limited", "slow down", 60_000));
    const id = await engine.create();
    await engine.clock.armed(60_000);
    await engine.engine.pause(PERSON, id);
    engine.clock.advance(60_000);
    await engine.engine.pause(PERSON, id);
    expect(engine.model.of(id)).toHaveLength(1);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
  });
});

describe("cancel", () => {
  test("aborts the requests in flight before it answers; the aborted steps write nothing more", async () => {
    const [a, b] = [engine.model.hold("task:a"), engine.model.hold("task:b")];
    const id = await engine.create();
    const calls = await Promise.all([a.arrived, b.arrived]);
    const cancelled = await engine.engine.cancel(PERSON, id);
    expect(calls.map((call) => call.request.signal.aborted)).toEqual([true, true]);
    expect(cancelled.head).toMatchObject({ status: "cancelled", closed: true, open_steps: [] });
    a.release();
    b.release();
    const other = await engine.run(); // its whole life is time enough for an aborted step to write
    expect((await engine.state(other)).head.status).toBe("completed");
    const events = await engine.events(id);
    expect(events.at(-1)?.type).toBe("workflow.closed");
    expect(events.at(-1)?.seq).toBe(cancelled.head.version);
    expect(calls.map((call) => call.outcome)).toEqual(["aborted", "aborted"]);
    expect(engine.model.requestsPerStep(id)["refiner:1"]).toBeUndefined();
    const rows = await engine.tenant.listSteps(id);
    expect(rows.filter((row) => row.task_id !== null).map((row) => row.status)).toEqual([
      "cancelled",
      "cancelled",
    ]);
  });

  test("ends a paused workflow", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    const call = await held.arrived;
    await engine.engine.pause(PERSON, id);
    expect((await engine.engine.cancel(PERSON, id)).head.status).toBe("cancelled");
    expect(call.request.signal.aborted).toBe(true);
    expect(await codeOf(engine.engine.resume(PERSON, id, RESUME))).toBe("not_resumable");
  });

  test("takes back the wait for the next attempt", async () => {
    engine.model.next("director", failing("rate_limited", "slow down", 60_000));
    const id = await engine.create();
    await engine.clock.armed(60_000);
    await engine.engine.cancel(PERSON, id);
    expect(await engine.event(id, (event) => event.type === "workflow.closed")).toBeDefined();
    engine.clock.advance(60_000);
    await engine.run();
    expect(engine.model.of(id)).toHaveLength(1);
    expect(engine.clock.waits).toEqual([]);
  });

  test("of a failed workflow stops its Refiner", async () => {
    engine.model.next("director", failing("refusal", "no"));
    const held = engine.model.hold("refiner:1");
    const id = await engine.create();
    const call = await held.arrived;
    expect((await engine.engine.cancel(PERSON, id)).head).toMatchObject({
      status: "cancelled",
      closed: true,
    });
    expect(call.request.signal.aborted).toBe(true);
  });

  test("and pause of a closed workflow are refused", async () => {
    const id = await engine.run();
    expect(await codeOf(engine.engine.pause(PERSON, id))).toBe("already_closed");
    expect(await codeOf(engine.engine.cancel(PERSON, id))).toBe("already_closed");
    expect(await codeOf(engine.engine.resume(PERSON, id, RESUME))).toBe("not_resumable");
  });
});

describe("resume", () => {
  test("of a failed workflow goes on where it stood and looks back a second time", async () => {
    engine.model.next("qa:0", failing("refusal", "no"));
    const id = await engine.run();
    const failed = await engine.state(id);
    expect(failed.head.status).toBe("failed");
    await engine.engine.resume(PERSON, id, RESUME);
    const state = await engine.closed(id, failed.head.version);
    expect(state.head).toMatchObject({ status: "completed", closings: 1 });
    expect(engine.model.requestsPerStep(id)).toMatchObject({ "qa:0": 2, "refiner:1": 1, "refiner:2": 1 });
  });

  test("while the Refiner looks back on the failure stops the Refiner", async () => {
    engine.model.next("qa:0", failing("refusal", "no"));
    const held = engine.model.hold("refiner:1");
    const id = await engine.create();
    const call = await held.arrived;
    await engine.engine.resume(PERSON, id, RESUME);
    expect(call.request.signal.aborted).toBe(true);
    expect((await engine.closed(id)).head.status).toBe("completed");
  });
});

describe("who asks", () => {
  test("for an unknown workflow, or one of another tenant, is told the same", async () => {
    const id = await engine.run();
    const stranger = { tenant_id: "other", actor: "stranger" };
    const asks = (who: typeof PERSON, which: string): Promise<unknown>[] => [
      engine.engine.load(who, which),
      engine.engine.pause(who, which),
      engine.engine.resume(who, which, RESUME),
      engine.engine.cancel(who, which),
    ];
    for (const ask of [...asks(PERSON, "wf_nowhere"), ...asks(stranger, id)]) {
      expect(await codeOf(ask)).toBe("workflow_not_found");
    }
  });

  test("does not hear another tenant's workflow of the same id", async () => {
    const heard: PublishedEvent[] = [];
    const stop = engine.engine.subscribe({ tenant_id: "other", actor: "stranger" }, "wf_twin", (events) =>
      heard.push(...events),
    );
    await engine.engine.create(PERSON, REQUEST, "wf_twin");
    await engine.closed("wf_twin");
    stop();
    expect(heard).toEqual([]);
  });

  test("stands in the journal", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await engine.engine.cancel({ ...PERSON, actor: "colleague" }, id);
    const events = await engine.events(id);
    expect([events[0]?.actor, events.at(-1)?.actor]).toEqual(["person", "colleague"]);
  });
});

describe("a second creation under the same id", () => {
  test("answers with what stands, also when both come at once", async () => {
    const input = REQUEST;
    const [one, other] = await Promise.all([
      engine.engine.create(PERSON, input, "wf_same"),
      engine.engine.create(PERSON, { ...input, request: "Something else." }, "wf_same"),
    ]);
    expect(other.settings.request).toBe(one.settings.request);
    await engine.closed("wf_same");
    const late = await engine.engine.create(PERSON, input, "wf_same");
    expect(late.head).toMatchObject({ status: "completed", closed: true });
    expect(engine.model.requestsPerStep("wf_same")["director"]).toBe(1);
  });

  test("is met by whoever steers it before its creation has answered", async () => {
    const held = engine.model.hold("director");
    const during = Promise.withResolvers<string>();
    engine.store.beforeCommit = async (commit) => {
      if (commit.workflow_id !== "wf_early") return;
      engine.store.beforeCommit = null;
      await turn();
      during.resolve(codeOf(engine.engine.cancel(PERSON, "wf_early")));
    };
    await engine.engine.create(PERSON, REQUEST, "wf_early");
    expect(await during.promise).toBe("not refused");
    held.release();
    expect((await engine.state("wf_early")).head).toMatchObject({ status: "cancelled", closed: true });
  });
});

test("a listener that throws hurts neither the workflow nor the others", async () => {
  const held = engine.model.hold("director");
  const id = await engine.create();
  await held.arrived;
  const stops = [
    engine.engine.subscribe(PERSON, id, () => {
      throw new Error("a broken listener");
    }),
    engine.engine.subscribe(PERSON, id, () => undefined),
  ];
  held.release();
  expect((await engine.closed(id)).head.status).toBe("completed");
  for (const stop of stops) stop();
  expect(engine.logged).toContainEqual(expect.objectContaining({ level: "error", workflow_id: id }));
});
