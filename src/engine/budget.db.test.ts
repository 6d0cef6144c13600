import { afterEach, describe, expect, test } from "vitest";

import { NO_BUDGET } from "../core/workflow-config.ts";
import {
  openTestEngine,
  PERSON,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };
/** A scripted answer takes 10 tokens in and 5 out: 0.02 dollars. */
const PRICES = {
  "fake/": { input_per_million: 1000, output_per_million: 2000, cached_input_per_million: null },
};

let engine: TestEngine;
async function open(options: TestEngineOptions = {}): Promise<void> {
  engine = await openTestEngine({ prices: PRICES, workflow: { max_output_tokens: 100 }, ...options });
}
afterEach(() => engine.close());

test("every call is written down before it leaves, with what it asks and may cost at most", async () => {
  await open();
  const held = engine.model.hold("director");
  const id = await engine.create();
  await held.arrived;
  const [requested] = await engine.tenant.listModelCalls(id);
  expect(requested).toMatchObject({ status: "requested", step_id: "director", attempt: 1, ordinal: 1 });
  expect(requested?.cost_usd).toBeGreaterThan(0.2);
  const body = await engine.tenant.readBlob(requested?.request_hash ?? "");
  expect(JSON.parse(body ?? "")).toMatchObject({ provider: "fake", model: "small", max_output_tokens: 100 });
  held.release();
  await engine.closed(id);
  const [answered] = await engine.tenant.listModelCalls(id);
  expect(answered).toMatchObject({ status: "answered", cost_usd: 0.02, tokens: 15 });
});

describe("at the edge of its own budget a workflow", () => {
  test("waits with everything kept, and goes on when a person raises it", async () => {
    await open();
    const budget = { ...NO_BUDGET, max_model_calls: 3 };
    const id = await engine.create({ budget });
    expect(await engine.parked(id)).toEqual({
      reason: "budget",
      message: "The budget of 3 model calls is used up. Resume it with a higher budget.",
    });
    expect((await engine.state(id)).head.status).toBe("awaiting_approval");
    const asked = engine.model.requestsPerStep(id);
    await expect(engine.engine.resume(PERSON, id, RESUME)).rejects.toMatchObject({
      code: "budget_exhausted",
    });
    await engine.engine.resume(PERSON, id, { ...RESUME, budget: NO_BUDGET });
    expect((await engine.closed(id)).head.status).toBe("completed");
    const after = engine.model.requestsPerStep(id);
    expect(Object.keys(asked).map((step) => [step, after[step]])).toEqual(Object.entries(asked));
  });

  test("survives a restart at the gate", async () => {
    await open();
    const id = await engine.create({ budget: { ...NO_BUDGET, max_tokens: 1 } });
    await engine.parked(id);
    engine = await engine.crash();
    expect((await engine.state(id)).head.waiting).toMatchObject({ kind: "gate", reason: "budget" });
    expect(engine.model.of(id)).toEqual([]);
  });
});

describe("at the edge of the budget of a day", () => {
  test("workflows wait, whichever comes first, and the sum of what was spent is exact", async () => {
    await open({ budgets: { tenant: { day: { max_cost_usd: 6 } } } });
    const ids = await Promise.all(Array.from({ length: 8 }, () => engine.create()));
    const ends = await Promise.all(
      ids.map((id) =>
        engine.event(
          id,
          (event) =>
            event.type === "workflow.closed" ||
            (event.type === "state.transition" && event.payload.to === "awaiting_approval"),
        ),
      ),
    );
    expect(ends.some((event) => event.type === "state.transition")).toBe(true);
    const period = engine.clock.now().toISOString().slice(0, 10);
    // Beside a task that waits at the gate another's call may still be in flight.
    await expect
      .poll(async () => {
        const calls = await Promise.all(ids.map((id) => engine.tenant.listModelCalls(id)));
        const spent = calls.flat().reduce((sum, row) => sum + (row.cost_usd ?? 0), 0);
        const [counter] = await engine.tenant.readSpend([{ scope_id: "", period }]);
        const isExact = counter?.cost_micro_usd === Math.round(spent * 1_000_000);
        return { isExact, isWithin: spent <= 6 };
      })
      .toEqual({ isExact: true, isWithin: true });
  });

  test("the next day brings the rest of the work to its end", async () => {
    await open({ budgets: { tenant: { day: { max_model_calls: 2 } } } });
    const id = await engine.create();
    expect((await engine.parked(id)).message).toContain("2026-11-24T00:00:00.000Z");
    let after = 0;
    for (let days = 0; days < 10; days += 1) {
      engine.clock.advance(86_400_000);
      const { version } = await engine.engine.resume(PERSON, id, RESUME).then(({ head }) => head);
      after = version;
      const end = await engine.event(
        id,
        (event) =>
          event.type === "workflow.closed" ||
          (event.type === "state.transition" && event.payload.to === "awaiting_approval"),
        after,
      );
      if (end.type === "workflow.closed") break;
    }
    expect((await engine.state(id)).head).toMatchObject({ status: "completed", closed: true });
  });
});
