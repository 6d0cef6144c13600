import { describe, expect, test } from "vitest";

import { next } from "../next.ts";
import { newestDelivery, openStep } from "../state.ts";
import { work } from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  built,
  completionOf,
  delivered,
  failed,
  failing,
  finalized,
  given,
  givenCreatedAs,
  judged,
  type Move,
  paused,
  planned,
  refined,
  thenRefused,
  resumed,
  thenEvents,
} from "../testing/specification.testsuite.ts";
import { creation, failureOf, moment } from "../testing/workflow-driver.testsuite.ts";

const completed: Move = (driver) => [built, judged(0), finalized, delivered].forEach((move) => move(driver));

describe("a failed attempt", () => {
  test("is tried again when the policy grants it", () => {
    const outcome = given(begun("director")).when(failing("director", "rate_limited"));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "step.failed", payload: { attempt: 1, code: "rate_limited", retry_at: moment(1800) } },
        { type: "role.failed", role: "director", payload: { attempt: 1, cycle: 0 } },
      ),
    );
    const { change } = outcome;
    expect(openStep(change.after, "director")).toMatchObject({
      status: "queued",
      failures: 1,
      owner: null,
      lease_until: null,
    });
    expect(change.after.head.status).toBe("running");
  });

  test("parks the workflow when only a person can help", () => {
    expect(given(begun("director")).when(failing("director", "auth"))).toMatchObject(
      thenEvents(
        { type: "step.failed", payload: { retry_at: null } },
        { type: "role.failed" },
        { type: "state.transition", payload: { from: "running", to: "paused", reason: "provider_auth" } },
      ),
    );
  });

  test("ends the workflow when trying again can't help, and its Refiner follows", () => {
    const outcome = given(begun("director")).when(failing("director", "refusal"));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "step.failed" },
        { type: "role.failed" },
        { type: "state.transition", payload: { to: "failed", reason: "refusal", message: "it was refusal" } },
      ),
    );
    const { change } = outcome;
    expect(change.after.head.error).toEqual({
      code: "refusal",
      message: "it was refusal",
      step_id: "director",
    });
    expect(next(change.after).map((step) => step.id)).toEqual(["refiner:1"]);
  });

  test("of a task says so of the task only when it is the last", () => {
    const again = given(planned(), begun("task:greet")).when(failing("task:greet", "truncated")).change;
    expect(again.events.map((event) => event.type)).toEqual(["step.failed", "role.failed"]);
    expect(
      given(planned(), failed("task:greet", "truncated"), begun("task:greet")).when(
        failing("task:greet", "truncated"),
      ),
    ).toMatchObject(
      thenEvents(
        { type: "step.failed", payload: { attempt: 2 } },
        { type: "role.failed" },
        { type: "task.failed", task_id: "greet", payload: { title: "Task greet", code: "truncated" } },
        { type: "state.transition", payload: { to: "failed" } },
      ),
    );
  });

  test("of a delivery parks the workflow, and delivery is tried again on resume", () => {
    const specification = given(built, judged(0), finalized, begun("delivery"));
    const outcome = specification.when(failing("delivery", "delivery_failed"));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "step.failed", role: null },
        { type: "delivery.failed", payload: { action: "api-response", code: "delivery_failed" } },
        { type: "state.transition", payload: { to: "paused", reason: "delivery_failed" } },
      ),
    );
    const { change } = outcome;
    expect(newestDelivery(change.after)).toMatchObject({
      status: "failed",
      message: "it was delivery_failed",
    });
    resumed()(specification.driver);
    delivered(specification.driver);
    expect(specification.driver.state.head.status).toBe("completed");
    expect(newestDelivery(specification.driver.state)).toMatchObject({ status: "delivered", message: null });
  });

  test("names the delivery action that the caller chose", () => {
    const settings = { ...creation().settings, delivery: { action: "directory", config: {} } };
    const specification = givenCreatedAs({ settings }, built, judged(0), finalized, begun("delivery"));
    const change = specification.when(failing("delivery", "delivery_failed")).change;
    expect(change.events[1]).toMatchObject({ type: "delivery.failed", payload: { action: "directory" } });
  });

  test("counts no longer once its workflow was resumed", () => {
    const specification = given(failed("director", "network"), paused, resumed());
    for (const attempt of [2, 3, 4]) {
      begun("director")(specification.driver);
      const change = specification.when(failureOf("director", attempt, "network")).change;
      expect(change.after.head.status).toBe("running");
    }
    begun("director")(specification.driver);
    expect(specification.when(failureOf("director", 5, "network")).change.after.head.waiting?.reason).toEqual(
      "provider_down",
    );
  });

  test("that a stopping node gave back does not count against the step", () => {
    const { driver } = given(failed("director", "network"));
    for (let times = 0; times < 10; times += 1) failed("director", "released")(driver);
    expect(openStep(driver.state, "director")).toMatchObject({ status: "queued", attempt: 11, failures: 1 });
    failed("director", "network")(driver);
    expect(driver.state.head.status).toBe("running");
  });

  test("of an attempt that lost its step is refused", () => {
    expect(
      given(failed("director", "network"), begun("director")).when(failureOf("director", 1, "auth")),
    ).toMatchObject(thenRefused("stale_attempt"));
  });
});

describe("the trailing Refiner", () => {
  test.each(["auth", "refusal", "no_model"])(
    "failing for good (%s) closes the workflow and changes nothing else",
    (code) => {
      const specification = given(completed, begun("refiner:1"));
      const outcome = specification.when(failing("refiner:1", code));
      expect(outcome).toMatchObject(
        thenEvents(
          { type: "step.failed" },
          { type: "role.failed" },
          { type: "workflow.closed", payload: { status: "completed" } },
        ),
      );
      const { change } = outcome;
      expect(change.after.head).toMatchObject({
        status: "completed",
        closed: true,
        error: null,
        open_steps: [],
      });
    },
  );

  test("is tried again like any step", () => {
    const specification = given(completed, failed("refiner:1", "overloaded"));
    expect(next(specification.driver.state)).toMatchObject([{ id: "refiner:1", available_at: moment(1800) }]);
    refined(1)(specification.driver);
    expect(specification.driver.state.head.closed).toBe(true);
  });
});

describe("siblings of a task that ended the workflow", () => {
  const twoRunning = [planned({ a: [], b: [], c: ["b"] }), begun("task:a"), begun("task:b")];

  test("bring home their work; the Refiner waits for them, and no new task starts", () => {
    const specification = given(...twoRunning);
    const ended = specification.when(failing("task:a", "refusal")).change;
    expect(ended.after.head.status).toBe("failed");
    expect(next(ended.after)).toEqual([]);
    const home = specification.when(completionOf("task:b", "implementer", work(["b.js"]))).change;
    expect(home.after.head.status).toBe("failed");
    expect(home.after.latest_artifacts.get("b.js")).toMatchObject({ revision: 1 });
    expect(next(home.after).map((step) => step.id)).toEqual(["refiner:1"]);
    resumed()(specification.driver);
    expect(next(specification.driver.state).map((step) => step.id)).toEqual(["task:a", "task:c"]);
  });

  test.each(["auth", "refusal", "network"])("failing too (%s) leave the first reason standing", (code) => {
    const specification = given(...twoRunning);
    specification.driver.fail("task:a", "refusal");
    const change = specification.when(failing("task:b", code)).change;
    expect(change.events.map((event) => event.type)).not.toContain("state.transition");
    expect(change.after.head).toMatchObject({
      status: "failed",
      error: { code: "refusal", step_id: "task:a" },
    });
    expect(next(change.after).map((step) => step.id)).toEqual(["refiner:1"]);
  });

  test("one that fails for good fails a workflow that another had parked", () => {
    const specification = given(...twoRunning);
    expect(specification.when(failing("task:a", "auth")).change.after.head.status).toEqual("paused");
    expect(specification.when(failing("task:b", "refusal")).change.after.head.status).toEqual("failed");
  });
});
