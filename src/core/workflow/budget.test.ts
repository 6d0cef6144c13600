import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AT_ONCE } from "../failure-policy.ts";
import { type Budget, NO_BUDGET } from "../workflow-config.ts";
import { budgetUse } from "./budget.ts";
import type { EventPayload } from "./events.ts";
import { next } from "./next.ts";
import { openStep } from "./state.ts";
import { brief } from "./testing/role-outputs.testsuite.ts";
import { begun, failed, given, planned } from "./testing/specification.testsuite.ts";
import { creation, type Order, resumeOf, WorkflowDriver } from "./testing/workflow-driver.testsuite.ts";

const CALL = {
  provider: "acme",
  model_asked: "large",
  request_hash: "r",
  prompt_hash: "p",
  packet_hash: "k",
  config_hash: "c",
};

function driverWith(budget: Partial<Budget>): WorkflowDriver {
  const settings = { ...creation().settings, budget: { ...NO_BUDGET, ...budget } };
  const driver = new WorkflowDriver(creation({ settings }));
  driver.start("director");
  return driver;
}

type Asked = { readonly ordinal?: number; readonly cost?: number | null; readonly tokens?: number };

function request(driver: WorkflowDriver, { ordinal = 1, cost = 1, tokens = 100 }: Asked = {}): Order {
  const attempt = driver.attemptOf("director");
  const call = { ...CALL, attempt, ordinal, reserved_cost_usd: cost, reserved_tokens: tokens };
  return { type: "step.request_call", step_id: "director", attempt, call };
}

function ended({
  attempt,
  ordinal = 1,
  cost = 1,
  tokens = 100,
}: Asked & { readonly attempt: number }): Order {
  const payload: EventPayload<"model.called"> = {
    ...CALL,
    attempt,
    ordinal,
    model_served: "large",
    usage: { input_tokens: tokens, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 },
    cost_usd: cost,
    latency_ms: 1,
    finish_reason: "stop",
    response_hash: "a",
    error: null,
  };
  return { type: "step.record", step_id: "director", attempt, records: [{ type: "model.called", payload }] };
}

test("a call is written down before it leaves, and again when it has ended, as one row", () => {
  const driver = driverWith({});
  driver.must(request(driver));
  expect(openStep(driver.state, "director")?.call).toEqual({
    ordinal: 1,
    reserved_cost_usd: 1,
    reserved_tokens: 100,
  });
  driver.must(ended({ attempt: 1, cost: 0.4, tokens: 60 }));
  expect(openStep(driver.state, "director")?.call).toBeNull();
  const rows = driver.commits.flatMap((commit) => commit.model_calls);
  expect(rows.map(({ status, cost_usd, tokens }) => [status, cost_usd, tokens])).toEqual([
    ["requested", 1, 100],
    ["answered", 0.4, 60],
  ]);
});

describe("once a person has paused", () => {
  test("no further call leaves: the step is given back unharmed, and resuming goes on with it", () => {
    const driver = driverWith({});
    driver.must(request(driver));
    driver.must(ended({ attempt: 1 }));
    driver.must({ type: "workflow.pause" });
    const { events } = driver.must(request(driver, { ordinal: 2 }));
    expect(events).toMatchObject([
      { type: "step.failed", payload: { code: "released", retry_at: AT_ONCE } },
      { type: "role.failed" },
    ]);
    expect(driver.state.head).toMatchObject({ status: "paused", waiting: { reason: "asked" } });
    expect(next(driver.state)).toEqual([]);
    driver.must(resumeOf());
    expect(next(driver.state)).toMatchObject([{ id: "director", available_at: null }]);
    driver.start("director");
    driver.must(request(driver));
    expect(openStep(driver.state, "director")).toMatchObject({
      attempt: 2,
      failures: 0,
      call: { ordinal: 1 },
    });
  });

  test("one that waits for something else lets its other steps go on", () => {
    const { driver } = given(planned({ a: [], b: [] }), begun("task:a"), failed("task:b", "auth"));
    expect(driver.state.head).toMatchObject({ status: "paused", waiting: { reason: "provider_auth" } });
    const call = { ...CALL, attempt: 1, ordinal: 1, reserved_cost_usd: 1, reserved_tokens: 1 };
    const { events } = driver.must({ type: "step.request_call", step_id: "task:a", attempt: 1, call });
    expect(events.map(({ type }) => type)).toEqual(["model.requested"]);
  });
});

describe("at the edge of the budget", () => {
  test.each<[string, Partial<Budget>, Asked]>([
    ["dollars", { max_cost_usd: 0.5 }, { cost: 0.51 }],
    ["tokens", { max_tokens: 99 }, { tokens: 100 }],
    ["running time", { max_duration_s: 1 }, {}],
  ])("%s: the call stays, the step is given back, the gate opens", (_name, budget, asked) => {
    const driver = driverWith(budget);
    const { events } = driver.must(request(driver, asked));
    expect(events.map((event) => event.type)).toEqual(["step.failed", "role.failed", "state.transition"]);
    const { head } = driver.state;
    expect(head.status).toBe("awaiting_approval");
    expect(head.waiting).toMatchObject({ kind: "gate", reason: "budget" });
    expect(head.open_steps).toMatchObject([{ id: "director", status: "queued", failures: 0, attempt: 1 }]);
  });

  test("calls are counted one by one", () => {
    const driver = driverWith({ max_model_calls: 2 });
    driver.must(request(driver));
    driver.must(ended({ attempt: 1 }));
    driver.must(request(driver, { ordinal: 2 }));
    driver.must(ended({ attempt: 1, ordinal: 2 }));
    driver.must(request(driver, { ordinal: 3 }));
    expect(driver.state.head.status).toBe("awaiting_approval");
  });

  test("a call without a price is not held against the dollars", () => {
    const driver = driverWith({ max_cost_usd: 0.5 });
    driver.must(request(driver, { cost: null }));
    driver.must(ended({ attempt: 1, cost: null }));
    expect(driver.state.head.spend).toMatchObject([{ cost_usd: 0, unpriced_calls: 1, model_calls: 1 }]);
  });

  test("it goes on with a higher budget, and not while nothing is left", () => {
    const driver = driverWith({ max_model_calls: 1, max_tokens: 10_000 });
    driver.must(request(driver));
    driver.must(ended({ attempt: 1 }));
    driver.must(request(driver, { ordinal: 2 }));
    expect(driver.give(resumeOf())).toMatchObject({ code: "budget_exhausted" });
    const budget = { max_model_calls: 2 };
    driver.must({ type: "workflow.resume", max_qa_retries: null, pinned: null, budget, outcome: null });
    expect(driver.state.head.status).toBe("running");
    expect(driver.state.settings.budget).toEqual({ ...NO_BUDGET, max_tokens: 10_000, max_model_calls: 2 });
    driver.start("director");
    driver.must(request(driver));
    expect(driver.state.head.status).toBe("running");
  });

  test("a workflow at the gate can be cancelled", () => {
    const driver = driverWith({ max_tokens: 1 });
    driver.must(request(driver));
    driver.must({ type: "workflow.cancel" });
    expect(driver.state.head.status).toBe("cancelled");
  });

  test("the Refiner of an ended workflow is given up, and the ending stays as it was", () => {
    const driver = driverWith({ max_model_calls: 1 });
    driver.must(request(driver));
    driver.must(ended({ attempt: 1 }));
    driver.fail("director", "refusal");
    driver.start("refiner:1");
    const attempt = driver.attemptOf("refiner:1");
    const call = { ...CALL, attempt, ordinal: 1, reserved_cost_usd: 1, reserved_tokens: 1 };
    driver.must({ type: "step.request_call", step_id: "refiner:1", attempt, call });
    expect(driver.state.head).toMatchObject({ status: "failed", closed: true });
  });
});

describe("a call whose end nobody heard", () => {
  test("counts at its worst case", () => {
    const driver = driverWith({ max_cost_usd: 1.5 });
    driver.must(request(driver));
    driver.fail("director", "interrupted");
    expect(driver.state.head.in_doubt).toMatchObject([{ step_id: "director", attempt: 1, role: "director" }]);
    driver.start("director");
    driver.must(request(driver));
    expect(driver.state.head.status).toBe("awaiting_approval");
  });

  test("counts as what it was once its attempt tells, although the step is lost", () => {
    const driver = driverWith({ max_cost_usd: 1.5 });
    driver.must(request(driver));
    driver.fail("director", "interrupted");
    driver.must(ended({ attempt: 1, cost: 0.2 }));
    expect(driver.state.head.in_doubt).toEqual([]);
    expect(driver.state.head.spend).toMatchObject([{ role: "director", cost_usd: 0.2, model_calls: 1 }]);
    expect(driver.give(ended({ attempt: 1, cost: 0.2 }))).toMatchObject({ code: "stale_attempt" });
    driver.start("director");
    driver.complete("director", { kind: "role", role: "director", output: brief() });
    expect(driver.state.head.done_steps).toEqual(["director"]);
  });

  test("nothing follows on the end of a cancelled workflow", () => {
    const driver = driverWith({});
    driver.must(request(driver));
    driver.must({ type: "workflow.cancel" });
    expect(driver.state.head.in_doubt).toHaveLength(1);
    expect(driver.give(ended({ attempt: 1 }))).toMatchObject({ code: "stale_attempt" });
  });
});

test("however calls end, a budget is never overdrawn while none takes more than was set aside", () => {
  const move = fc.record({
    end: fc.constantFrom("answered", "interrupted", "late"),
    cost: fc.double({ min: 0, max: 2, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    tokens: fc.nat({ max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      const driver = driverWith({ max_cost_usd: 5, max_tokens: 300, max_model_calls: 12 });
      let ordinal = 0;
      for (const { end, cost, share, tokens } of moves) {
        if (driver.state.head.status !== "running") break;
        if (openStep(driver.state, "director")?.status !== "running") driver.start("director");
        ordinal += 1;
        const attempt = driver.attemptOf("director");
        driver.must(request(driver, { ordinal, cost, tokens }));
        const granted = openStep(driver.state, "director")?.call?.ordinal === ordinal;
        if (!granted) break;
        if (end !== "answered") driver.fail("director", "released");
        if (end !== "interrupted")
          driver.must(ended({ attempt, ordinal, cost: cost * share, tokens: Math.floor(tokens * share) }));
        const used = budgetUse(driver.state.head, driver.state.head.updated_at);
        expect(used.cost_usd).toBeLessThanOrEqual(5 + 1e-9);
        expect(used.tokens).toBeLessThanOrEqual(300);
        expect(used.model_calls).toBeLessThanOrEqual(12);
      }
    }),
  );
});
