import { afterEach, describe, expect, test } from "vitest";

import { failing, saying } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, STORES, type TestEngine } from "./testing/test-engine.testsuite.ts";

let engine: TestEngine;
afterEach(() => engine.close());

/** Attempt and ordinal of every request that a step has cost. */
function asked(id: string, stepId: string): [number, number][] {
  return engine.model
    .of(id)
    .filter((call) => call.step_id === stepId)
    .map(({ attempt, call }) => [attempt, call]);
}

async function replays(id: string): Promise<unknown[]> {
  return (await engine.events(id))
    .filter((event) => event.type === "model.replayed")
    .map(({ payload }) => payload);
}

describe.each(STORES)("a recorded answer on %s", (store) => {
  test("is served again after a crash in the call that followed it", async () => {
    engine = await openTestEngine({ store });
    engine.model.next("director", saying("no JSON"));
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await engine.reached(id, "model.reasked", "director");
    engine = await engine.crash();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(asked(id, "director")).toEqual([
      [1, 1],
      [1, 2],
      [2, 2],
    ]);
    expect(await replays(id)).toMatchObject([{ attempt: 2, ordinal: 1, recorded_attempt: 1 }]);
    expect((await engine.state(id)).head.spend.find(({ role }) => role === "director")?.model_calls).toBe(2);
  });
});

test("a recorded answer is served again when a later call of the attempt failed", async () => {
  engine = await openTestEngine();
  engine.model.next("director", saying("no JSON"), failing("rate_limited", "slow down", 0));
  const id = await engine.run();
  expect(asked(id, "director")).toEqual([
    [1, 1],
    [1, 2],
    [2, 2],
  ]);
});

test("answers that broke the contract to the end are not served again: a resume asks anew", async () => {
  engine = await openTestEngine();
  engine.model.next("director", saying("a"), saying("b"), saying("c"));
  const id = await engine.run();
  expect((await engine.state(id)).head).toMatchObject({
    status: "failed",
    error: { code: "invalid_output" },
  });
  const { version } = (await engine.state(id)).head;
  await engine.engine.resume(PERSON, id, { max_qa_retries: null, budget: null, outcome: null, pinned: null });
  expect((await engine.closed(id, version)).head.status).toBe("completed");
  expect(asked(id, "director")).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
  ]);
  expect(await replays(id)).toEqual([]);
});
