import { describe, expect, test } from "vitest";

import type { StepRecord } from "./commands.ts";
import { decideCreation } from "./decide.ts";
import { fold } from "./evolve.ts";
import { next } from "./next.ts";
import { openStep, type WorkflowState } from "./state.ts";
import { firstSlice } from "./testing/first-slice.testsuite.ts";
import {
  begun,
  built,
  cancelled,
  failed,
  given,
  givenCreatedAs,
  implemented,
  judged,
  paused,
  planned,
  thenRefused,
  resumed,
  thenEvents,
  typesOf,
} from "./testing/specification.testsuite.ts";
import { creation, moment, type Order, startOf } from "./testing/workflow-driver.testsuite.ts";

function ids(state: WorkflowState): string[] {
  return next(state).map((step) => step.id);
}

describe("creation", () => {
  test("a workflow is pending and waits for its Director", () => {
    const events = decideCreation(creation());
    expect(typesOf(events)).toEqual(["workflow.created"]);
    const state = fold(events);
    expect(state.head).toMatchObject({
      status: "pending",
      version: 1,
      cycle: 0,
      waiting: null,
      started_at: null,
    });
    expect(ids(state)).toEqual(["director"]);
  });

  test("a parked workflow is paused with its reason and runs nothing", () => {
    const parked = { reason: "no_model", message: "Connect a model." };
    const events = decideCreation(creation({ parked }));
    expect(events.map((event) => event.seq)).toEqual([1, 2]);
    const state = fold(events);
    expect(state.head.status).toBe("paused");
    expect(state.head.waiting).toEqual({ kind: "paused", ...parked, until: null });
    expect(ids(state)).toEqual([]);
  });

  test.each([
    ["Build it.\r\nWith care.", "Build it."],
    ["\n\n  Build it.  \n", "Build it."],
    ["x".repeat(80), "x".repeat(80)],
    ["x".repeat(81), `${"x".repeat(79)}…`],
    ["😀".repeat(81), `${"😀".repeat(79)}…`],
  ])("the request %j gives the title %j", (request, title) => {
    const settings = { ...creation().settings, request };
    expect(fold(decideCreation(creation({ settings }))).head.title).toBe(title);
  });

  test("a given title and mode outlive the Director's", () => {
    const settings = { ...creation().settings, given_title: "Mine", given_mode: "docs" as const };
    const { state } = givenCreatedAs({ settings }, planned()).driver;
    expect(state.head).toMatchObject({ title: "Mine", mode: "docs" });
  });

  test("a journal that does not begin with its creation is refused", () => {
    const [, ...rest] = firstSlice().events;
    expect(() => fold(rest)).toThrow(/begins with workflow.created/);
    expect(() => fold([])).toThrow(/empty journal/);
  });
});

describe("step.start", () => {
  test("the first step sets the workflow running", () => {
    expect(given().when(startOf("director"))).toMatchObject(
      thenEvents(
        { type: "state.transition", payload: { from: "pending", to: "running" } },
        {
          type: "step.started",
          step_id: "director",
          role: "director",
          payload: { attempt: 1, kind: "role" },
        },
        { type: "role.started", role: "director", payload: { attempt: 1, cycle: 0 } },
      ),
    );
  });

  test("a task says which task it is", () => {
    expect(given(planned({ greet: [] })).when(startOf("task:greet"))).toMatchObject(
      thenEvents(
        { type: "step.started", task_id: "greet", payload: { kind: "task", attempt: 1 } },
        { type: "role.started", role: "implementer", task_id: "greet" },
        { type: "task.started", task_id: "greet", payload: { title: "Task greet", attempt: 1 } },
      ),
    );
  });

  test("independent tasks are runnable together, a dependent one after what it needs", () => {
    const specification = given(planned({ a: [], b: [], c: ["a", "b"] }));
    expect(ids(specification.driver.state)).toEqual(["task:a", "task:b"]);
    implemented("a")(specification.driver);
    expect(ids(specification.driver.state)).toEqual(["task:b"]);
    implemented("b")(specification.driver);
    expect(ids(specification.driver.state)).toEqual(["task:c"]);
  });

  test("the tree that a step judges is kept", () => {
    expect(given(built).when(startOf("qa:0", "tree-0")).change.after.head.tree_hash).toEqual("tree-0");
  });

  test.each([
    ["a step that is running", [begun("director")], "director"],
    ["a step that is finished", [planned()], "director"],
    ["a later stage", [], "project_manager"],
    ["QA before its tasks", [planned({ a: [], b: [] }), implemented("a")], "qa:0"],
    ["QA before anything was run", [planned(), implemented("greet")], "qa:0"],
    ["a task before its dependency", [planned({ a: [], b: ["a"] })], "task:b"],
    ["a step nobody knows", [], "nonsense"],
    ["anything while paused", [paused], "director"],
    ["anything once cancelled", [cancelled], "director"],
    ["the pipeline of a failed workflow", [failed("director", "refusal")], "director"],
  ])("%s does not start", (_what, moves, step) => {
    expect(given(...moves).when(startOf(step))).toMatchObject(thenRefused("step_not_runnable"));
  });

  test("a step that failed starts again with the next attempt, not before its time", () => {
    const specification = given(failed("director", "rate_limited"));
    expect(next(specification.driver.state)).toEqual([
      expect.objectContaining({ id: "director", available_at: moment(1800) }),
    ]);
    expect(specification.when(startOf("director"))).toMatchObject(
      thenEvents(
        { type: "step.started", payload: { attempt: 2 } },
        { type: "role.started", payload: { attempt: 2 } },
      ),
    );
  });
});

describe("step.record", () => {
  const reasked: StepRecord = {
    type: "model.reasked",
    payload: { attempt: 1, ordinal: 2, problems: ["no title"] },
  };

  test("a running step journals what happens in it, in its own name", () => {
    expect(
      given(begun("director")).when({
        type: "step.record",
        step_id: "director",
        attempt: 1,
        records: [reasked],
      }),
    ).toMatchObject(
      thenEvents({ type: "model.reasked", role: "director", step_id: "director", payload: reasked.payload }),
    );
  });

  test("an attempt that lost its step journals nothing", () => {
    expect(
      given(failed("director", "network"), begun("director")).when({
        type: "step.record",
        step_id: "director",
        attempt: 1,
        records: [reasked],
      }),
    ).toMatchObject(thenRefused("stale_attempt"));
  });

  test("a running step may still journal while the workflow is paused, not after it was cancelled", () => {
    const record: Order = { type: "step.record", step_id: "director", attempt: 1, records: [reasked] };
    expect(given(begun("director"), paused).when(record)).toMatchObject(
      thenEvents({ type: "model.reasked" }),
    );
    expect(given(begun("director"), cancelled).when(record)).toMatchObject(thenRefused("stale_attempt"));
  });

  test("model calls add up by role and never change the outcome", () => {
    const { state } = firstSlice();
    expect(state.head.spend).toEqual([
      {
        role: "implementer",
        model_calls: 1,
        input_tokens: 900,
        output_tokens: 120,
        cost_usd: 0,
        unpriced_calls: 1,
      },
    ]);
  });
});

describe("a whole workflow", () => {
  test("finding, repair, delivery and Refiner happen in this order", () => {
    const driver = firstSlice();
    const steps = driver.events
      .filter((event) => event.type === "step.completed")
      .map((event) => event.step_id);
    expect(steps).toEqual([
      "director",
      "project_manager",
      "architect:0",
      "task:greet",
      "task:test",
      "validation:0",
      "qa:0",
      "architect:1",
      "task:mend-greet",
      "validation:1",
      "qa:1",
      "finalizer",
      "delivery",
      "refiner:1",
    ]);
    expect(driver.state.head).toMatchObject({
      status: "completed",
      closed: true,
      cycle: 1,
      closings: 0,
      error: null,
    });
    expect(driver.events.at(-1)).toMatchObject({ type: "workflow.closed", payload: { status: "completed" } });
    expect(driver.state.findings.get("f1")).toMatchObject({
      status: "resolved",
      raised_in_cycle: 0,
      resolved_in_cycle: 1,
    });
    expect(driver.state.latest_artifacts.get("greet.js")).toMatchObject({ revision: 2, cycle: 1 });
    expect(ids(driver.state)).toEqual([]);
  });

  test("steps of a second cycle carry its number", () => {
    const specification = given(
      built,
      judged(0, {
        criteria: [{ id: "AC1", verdict: "unmet", evidence: "", citations: [] }],
        findings: [],
        summary: "",
      }),
    );
    expect(next(specification.driver.state)).toMatchObject([
      { id: "architect:1", cycle: 1, role: "architect" },
    ]);
  });

  test("a workflow that was paused before it began starts when it is resumed", () => {
    const specification = given(paused, resumed());
    expect(specification.driver.state.head).toMatchObject({ status: "running", waiting: null });
    expect(specification.driver.state.head.started_at).not.toBeNull();
    begun("director")(specification.driver);
    expect(openStep(specification.driver.state, "director")?.attempt).toBe(1);
  });
});
