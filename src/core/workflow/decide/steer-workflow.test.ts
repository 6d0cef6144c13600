import { describe, expect, test } from "vitest";

import { next } from "../next.ts";
import { openStep } from "../state.ts";
import { assessment, judgement, receipt, work } from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  built,
  cancelled,
  completionOf,
  delivered,
  designed,
  exhausted,
  failed,
  failing,
  finalized,
  given,
  givenCreatedAs,
  implemented,
  judged,
  type Move,
  paused,
  planned,
  refined,
  thenRefused,
  resumed,
  thenEvents,
} from "../testing/specification.testsuite.ts";
import { resumeOf, startOf } from "../testing/workflow-driver.testsuite.ts";

const pause = { type: "workflow.pause" } as const;
const cancel = { type: "workflow.cancel" } as const;
const completed: Move = (driver) => [built, judged(0), finalized, delivered].forEach((move) => move(driver));
const refusing = failed("director", "refusal");

describe("pause", () => {
  test.each([
    ["pending", []],
    ["running", [begun("director")]],
  ])("a %s workflow is paused on request", (from, moves) => {
    expect(given(...moves).when(pause)).toMatchObject(
      thenEvents({ type: "state.transition", payload: { from, to: "paused", reason: "asked" } }),
    );
  });

  test("pausing twice changes nothing", () => {
    expect(given(paused).when(pause)).toMatchObject(thenEvents());
  });

  test.each([
    ["completed", completed],
    ["failed", refusing],
    ["cancelled", cancelled],
  ])("a %s workflow can't be paused", (_status, move) => {
    expect(given(move).when(pause)).toMatchObject(thenRefused("already_closed"));
  });

  test("running tasks come home while the workflow is paused; nothing new starts", () => {
    const specification = given(
      planned({ a: [], b: [], c: ["a"] }),
      begun("task:a"),
      begun("task:b"),
      paused,
    );
    specification.driver.complete("task:a", { kind: "role", role: "implementer", output: work(["a.js"]) });
    const change = specification.when(failing("task:b", "network")).change;
    expect(change.after.head).toMatchObject({ status: "paused", unfinished_tasks: 2 });
    expect(next(change.after)).toEqual([]);
    resumed()(specification.driver);
    expect(next(specification.driver.state).map((step) => step.id)).toEqual(["task:b", "task:c"]);
    expect(openStep(specification.driver.state, "task:b")).toMatchObject({
      failures: 0,
      available_at: null,
      attempt: 1,
    });
  });

  test("QA that comes home to a paused workflow opens its repair, which waits", () => {
    const specification = given(built, begun("qa:0"), paused);
    const change = specification.when(completionOf("qa:0", "qa", judgement({ AC1: "unmet" }))).change;
    expect(change.after.head).toMatchObject({ status: "paused", cycle: 1 });
    expect(next(change.after)).toEqual([]);
  });

  test("a delivery that comes home to a paused workflow completes it", () => {
    const specification = given(built, judged(0), finalized, begun("delivery"), paused);
    specification.driver.complete("delivery", { kind: "delivery", receipt });
    expect(specification.driver.state.head).toMatchObject({ status: "completed", waiting: null });
  });
});

describe("resume", () => {
  test("a paused workflow runs on", () => {
    expect(given(paused).when(resumeOf())).toMatchObject(
      thenEvents({ type: "state.transition", payload: { from: "paused", to: "running", reason: "resumed" } }),
    );
  });

  test.each([
    ["pending", []],
    ["running", [begun("director")]],
    ["completed", [completed]],
    ["cancelled", [cancelled]],
  ])("a %s workflow has nothing to resume", (_status, moves) => {
    expect(given(...moves).when(resumeOf())).toMatchObject(thenRefused("not_resumable"));
  });

  test("a failed workflow tries its failed step again, with failures forgiven and attempts counted on", () => {
    const specification = given(refusing);
    const outcome = specification.when(resumeOf());
    expect(outcome).toMatchObject(thenEvents({ type: "state.transition", payload: { from: "failed" } }));
    const { change } = outcome;
    expect(change.after.head).toMatchObject({ error: null, completed_at: null, closings: 1 });
    expect(openStep(specification.when(startOf("director")).change.after, "director")?.attempt).toEqual(2);
  });

  test("used-up repairs need a higher max_qa_retries", () => {
    const failedWith0 = givenCreatedAs({ max_qa_retries: 0 }, exhausted);
    expect(failedWith0.driver.state.head.error?.code).toBe("repair_exhausted");
    expect(failedWith0.when(resumeOf())).toMatchObject(thenRefused("repair_exhausted", /above 0/));
    expect(failedWith0.when(resumeOf(0))).toMatchObject(thenRefused("repair_exhausted"));
    expect(failedWith0.when(resumeOf(1))).toMatchObject(
      thenEvents(
        { type: "settings.changed", payload: { max_qa_retries: 1 } },
        { type: "state.transition", payload: { from: "failed", to: "running" } },
        { type: "repair.started", payload: { cycle: 1, findings: ["f1"] } },
      ),
    );
    expect(next(failedWith0.driver.state).map((step) => step.id)).toEqual(["architect:1"]);
  });

  test("the repair it allows is counted, and the next exhaustion too", () => {
    const again: Move = (driver) => {
      designed({ mend: [] }, 1)(driver);
      implemented("mend")(driver);
      judged(1, judgement({ AC1: "unmet" }))(driver);
    };
    const specification = givenCreatedAs({ max_qa_retries: 0 }, exhausted, resumed(1), again);
    expect(specification.driver.state.head).toMatchObject({ status: "failed", cycle: 1, closings: 1 });
    expect(specification.when(resumeOf(1))).toMatchObject(thenRefused("repair_exhausted", /All 1 repair/));
  });

  test("a new pin replaces the old one and none keeps it", () => {
    const pinned = { provider: "acme", model: "small" };
    const specification = given(paused);
    specification.driver.must({
      type: "workflow.resume",
      max_qa_retries: null,
      pinned,
      budget: null,
      outcome: null,
    });
    paused(specification.driver);
    expect(specification.when(resumeOf(5)).change.after.settings.pinned).toEqual(pinned);
    expect(specification.driver.state.head.max_qa_retries).toBe(5);
  });

  test("a running Refiner is stopped, and another comes after the next ending", () => {
    const specification = given(refusing, begun("refiner:1"));
    expect(specification.when(resumeOf())).toMatchObject(
      thenEvents({ type: "step.cancelled", step_id: "refiner:1" }, { type: "state.transition" }),
    );
    expect(specification.when(completionOf("refiner:1", "refiner", assessment()))).toMatchObject(
      thenRefused("stale_attempt"),
    );
    refusing(specification.driver);
    expect(next(specification.driver.state).map((step) => step.id)).toEqual(["refiner:2"]);
  });

  test("a closed workflow is open again and closes again", () => {
    const specification = given(refusing, refined(1));
    expect(specification.driver.state.head.closed).toBe(true);
    expect(specification.when(resumeOf()).change.after.head.closed).toEqual(false);
    refusing(specification.driver);
    refined(2)(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ closed: true, closings: 1 });
  });
});

describe("cancel", () => {
  test.each([
    ["pending", []],
    ["running", [planned()]],
    ["paused", [paused]],
    ["failed", [refusing]],
  ])("a %s workflow is cancelled and closed at once", (from, moves) => {
    const specification = given(...moves);
    const change = specification.when(cancel).change;
    expect(change.events[0]).toMatchObject({ type: "state.transition", payload: { from, to: "cancelled" } });
    expect(change.events.at(-1)).toMatchObject({ type: "workflow.closed", payload: { status: "cancelled" } });
    expect(change.after.head).toMatchObject({ closed: true, open_steps: [] });
    expect(next(change.after)).toEqual([]);
  });

  test.each([
    ["completed", completed],
    ["cancelled", cancelled],
  ])("a %s workflow can't be cancelled", (_status, move) => {
    expect(given(move).when(cancel)).toMatchObject(thenRefused("already_closed"));
  });

  test("running and waiting steps are cancelled with it", () => {
    expect(
      given(planned({ a: [], b: [] }), begun("task:a"), failed("task:b", "network")).when(cancel),
    ).toMatchObject(
      thenEvents(
        { type: "state.transition" },
        { type: "step.cancelled", step_id: "task:a", task_id: "a", payload: { attempt: 1 } },
        { type: "step.cancelled", step_id: "task:b", task_id: "b", payload: { attempt: 1 } },
        { type: "workflow.closed" },
      ),
    );
  });

  test("what a cancelled step brings home is refused", () => {
    const specification = given(begun("director"), cancelled);
    expect(
      specification.when({
        type: "step.complete",
        step_id: "director",
        attempt: 1,
        result: { kind: "role", role: "director", output: {} },
      }),
    ).toMatchObject(thenRefused("stale_attempt"));
  });
});
