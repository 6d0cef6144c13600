import { describe, expect, test } from "vitest";

import { budgetUse } from "../budget.ts";
import type { DeliveryRequest } from "../delivery-state.ts";
import { FIRST_DELIVERY } from "../evolve-deliveries.ts";
import { next } from "../next.ts";
import { byOrdinal, newestDelivery, type WorkflowState } from "../state.ts";
import { receipt } from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  built,
  cancelled,
  delivered,
  exhausted,
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
  resumed,
  thenEvents,
  thenRefused,
  typesOf,
} from "../testing/specification.testsuite.ts";
import { creation, type Order } from "../testing/workflow-driver.testsuite.ts";

const DIRECTORY = { action: "directory", config: { path: "/srv/out" } };

const ready: Move = (driver) => [built, judged(0), finalized].forEach((move) => move(driver));
const refused: Move = (driver) =>
  [ready, failed("delivery", "delivery_failed")].forEach((move) => move(driver));
const completed: Move = (driver) => [ready, delivered].forEach((move) => move(driver));
const closed: Move = (driver) => [completed, refined(1)].forEach((move) => move(driver));

function asking(delivery: DeliveryRequest | null = null): Order {
  return { type: "delivery.request", delivery };
}

function asked(delivery: DeliveryRequest | null = null): Move {
  return (driver) => void driver.must(asking(delivery));
}

function skipping(reason = "Not needed."): Order {
  return { type: "delivery.skip", reason };
}

function done(step_id: string): Move {
  return (driver) => {
    driver.start(step_id);
    driver.complete(step_id, { kind: "delivery", receipt: { ...receipt, action: "directory" } });
  };
}

function deliveries(state: WorkflowState): string[] {
  return byOrdinal(state.deliveries.values()).map(({ id, action, status }) => `${id} ${action} ${status}`);
}

const steps = (state: WorkflowState): string[] => next(state).map(({ id }) => id);

describe("the delivery that the pipeline comes to", () => {
  test("is asked for by its first attempt, with what was chosen", () => {
    const settings = { ...creation().settings, delivery: DIRECTORY };
    const specification = givenCreatedAs({ settings }, ready);
    specification.driver.start("delivery", "tree-1");
    expect(newestDelivery(specification.driver.state)).toMatchObject({
      ...DIRECTORY,
      id: "d1",
      status: "delivering",
      requested_by: "workflow",
      tree_hash: "tree-1",
      attempts: 1,
    });
    specification.driver.fail("delivery", "delivery_unavailable");
    expect(newestDelivery(specification.driver.state)).toMatchObject({
      status: "pending",
      message: "it was delivery_unavailable",
    });
    specification.driver.wait(1801);
    specification.driver.start("delivery", "tree-1");
    expect(deliveries(specification.driver.state)).toEqual(["d1 directory delivering"]);
    expect(newestDelivery(specification.driver.state)).toMatchObject({ attempts: 2 });
  });

  test.each(["delivery_failed", "internal", "no_such_code"])("never costs the work: %s parks", (code) => {
    const { driver } = given(ready);
    for (let attempt = 1; attempt < 20 && driver.state.head.status === "running"; attempt += 1) {
      driver.start("delivery");
      driver.fail("delivery", code);
      driver.wait(1801);
    }
    expect(driver.state.head).toMatchObject({ status: "paused", waiting: { reason: "delivery_failed" } });
    expect(newestDelivery(driver.state)).toMatchObject({ status: "failed", message: `it was ${code}` });
  });
});

describe("a delivery that a person asks for", () => {
  test("takes the place of one that has failed, and no role is asked again", () => {
    const { driver } = given(refused, asked(DIRECTORY));
    expect(driver.state.head.status).toBe("running");
    expect(deliveries(driver.state)).toEqual(["d1 api-response failed", "d2 directory pending"]);
    expect(steps(driver.state)).toEqual(["delivery:2"]);
    done("delivery:2")(driver);
    expect(deliveries(driver.state)).toEqual(["d1 api-response failed", "d2 directory delivered"]);
    expect(driver.state.head.status).toBe("completed");
    expect(steps(driver.state)).toEqual(["refiner:1"]);
  });

  test("repeats the one before where it names nothing", () => {
    const settings = { ...creation().settings, delivery: DIRECTORY };
    const { driver } = givenCreatedAs({ settings }, refused, asked());
    expect(newestDelivery(driver.state)).toMatchObject({ ...DIRECTORY, id: "d2", requested_by: "person" });
  });

  test("takes the place of one that waits to be tried again", () => {
    const { driver } = given(ready, failed("delivery", "delivery_unavailable"), asked(DIRECTORY));
    expect(deliveries(driver.state)).toEqual(["d1 api-response skipped", "d2 directory pending"]);
    expect(driver.state.head.open_steps).toEqual([]);
    expect(steps(driver.state)).toEqual(["delivery:2"]);
  });

  test("takes the place of one that is still to come", () => {
    const { driver } = given(ready, paused, asked(DIRECTORY), done("delivery"));
    expect(deliveries(driver.state)).toEqual(["d1 directory delivered"]);
    expect(driver.state.head.status).toBe("completed");
  });

  test("may be made of a workflow that is over, which closes once more", () => {
    const specification = given(closed);
    expect(specification.when(asking(DIRECTORY))).toMatchObject(
      thenEvents({ type: "delivery.requested", payload: { id: "d2", ...DIRECTORY } }),
    );
    const { driver } = specification;
    expect(driver.state.head).toMatchObject({ status: "completed", closed: false });
    expect(steps(driver.state)).toEqual(["delivery:2"]);
    done("delivery:2")(driver);
    expect(driver.state.head).toMatchObject({ status: "completed", closed: true, open_steps: [] });
    expect(steps(driver.state)).toEqual([]);
    expect(deliveries(driver.state)).toEqual(["d1 api-response delivered", "d2 directory delivered"]);
  });

  test.each([
    ["before", [done("delivery:2"), refined(1)]],
    ["after", [refined(1), done("delivery:2")]],
  ] as const)("and closes once when it ends %s the Refiner", (_when, [first, second]) => {
    const { driver } = given(completed, asked(DIRECTORY));
    expect(steps(driver.state).toSorted()).toEqual(["delivery:2", "refiner:1"]);
    first(driver);
    expect(driver.state.head.closed).toBe(false);
    second(driver);
    expect(driver.state.head.closed).toBe(true);
    expect(typesOf(driver.events).filter((type) => type === "workflow.closed")).toHaveLength(1);
  });

  test("that fails on a workflow that is over leaves it completed, and can be asked for again", () => {
    const specification = given(closed, asked(DIRECTORY), begun("delivery:2"));
    const outcome = specification.when(failing("delivery:2", "delivery_failed"));
    expect(typesOf(outcome.events)).toEqual([
      "step.failed",
      "delivery.failed",
      "step.cancelled",
      "workflow.closed",
    ]);
    const { driver } = specification;
    expect(driver.state.head).toMatchObject({ status: "completed", closed: true, open_steps: [] });
    asked()(driver);
    done("delivery:3")(driver);
    expect(deliveries(driver.state)).toEqual([
      "d1 api-response delivered",
      "d2 directory failed",
      "d3 directory delivered",
    ]);
  });

  test("is tried again when what was in the way passes by itself", () => {
    const { driver } = given(closed, asked(DIRECTORY), failed("delivery:2", "delivery_unavailable"));
    expect(driver.state.head).toMatchObject({ status: "completed", closed: false });
    expect(next(driver.state)).toMatchObject([
      { id: "delivery:2", available_at: expect.any(String) as string },
    ]);
    done("delivery:2")(driver);
    expect(driver.state.head.closed).toBe(true);
  });

  test.each<[string, readonly Move[], Parameters<typeof thenRefused>]>([
    ["before the work is done", [planned()], ["not_deliverable", /running and its work is not accepted/]],
    ["of work that has failed", [exhausted], ["not_deliverable", /./]],
    ["of a cancelled workflow", [ready, cancelled], ["not_deliverable", /cancelled/]],
    ["while one is being made", [ready, begun("delivery")], ["delivery_running", /wait for its end/]],
    [
      "while nobody knows how the last one ended",
      [ready, failed("delivery", "outcome_unknown")],
      ["outcome_needed", /happened or repeat/],
    ],
  ])("is refused %s, and so is doing without it", (_when, moves, refusal) => {
    const settings = { ...creation().settings };
    const create = () => givenCreatedAs({ settings, max_qa_retries: 0 }, ...moves);
    expect(create().when(asking(DIRECTORY))).toMatchObject(thenRefused(...refusal));
    expect(create().when(skipping())).toMatchObject(thenRefused(...refusal));
  });

  test("is refused while the gate before it waits for an answer", () => {
    const settings = { ...creation().settings, gates: ["delivery" as const] };
    const specification = givenCreatedAs({ settings }, ready);
    expect(specification.driver.state.head.status).toBe("awaiting_approval");
    expect(specification.when(asking(DIRECTORY))).toMatchObject(thenRefused("approval_needed"));
    expect(specification.when(skipping())).toMatchObject(thenRefused("approval_needed"));
  });
});

describe("doing without a delivery", () => {
  test("completes a workflow whose delivery has failed", () => {
    const { driver } = given(refused);
    driver.must(skipping("It is here already."));
    expect(deliveries(driver.state)).toEqual(["d1 api-response skipped"]);
    expect(newestDelivery(driver.state)?.message).toBe("It is here already.");
    expect(driver.state.head).toMatchObject({ status: "completed", open_steps: [] });
    refined(1)(driver);
    expect(driver.state.head.closed).toBe(true);
  });

  test("completes a workflow that has come to none yet", () => {
    const { driver } = given(ready, paused);
    driver.must(skipping());
    expect(deliveries(driver.state)).toEqual(["d1 api-response skipped"]);
    expect(driver.state.head.status).toBe("completed");
  });

  test("ends one that waits to be tried again on a workflow that is over", () => {
    const { driver } = given(closed, asked(DIRECTORY), failed("delivery:2", "delivery_unavailable"));
    driver.must(skipping());
    expect(deliveries(driver.state)).toEqual(["d1 api-response delivered", "d2 directory skipped"]);
    expect(driver.state.head).toMatchObject({ status: "completed", closed: true, open_steps: [] });
  });

  test("is refused where none waits", () => {
    expect(given(closed).when(skipping())).toMatchObject(thenRefused("not_deliverable", /nothing to skip/));
  });
});

test("a delivery whose end nobody knows is not called failed", () => {
  const { driver } = given(ready, failed("delivery", "outcome_unknown"));
  expect(driver.state.head.status).toBe("awaiting_approval");
  expect(newestDelivery(driver.state)).toMatchObject({
    status: "delivering",
    message: "it was outcome_unknown",
  });
});

describe("nobody heard how a delivery ended", () => {
  test("on a workflow that is over: it is told, and never made again by itself", () => {
    const { driver } = given(completed, asked(DIRECTORY), failed("delivery:2", "outcome_unknown"));
    expect(newestDelivery(driver.state)).toMatchObject({
      status: "failed",
      message: "it was outcome_unknown",
    });
    expect(steps(driver.state)).toEqual(["refiner:1"]);
    refined(1)(driver);
    expect(driver.state.head).toMatchObject({ status: "completed", closed: true });
    expect(steps(driver.state)).toEqual([]);
  });

  test("and the workflow is cancelled: it says so", () => {
    const { driver } = given(ready, begun("delivery"), cancelled);
    expect(newestDelivery(driver.state)).toMatchObject({
      status: "skipped",
      message: "The workflow was cancelled; look whether it has happened.",
    });
  });
});

describe("waiting for somebody else's server", () => {
  const limits = { ...creation().settings.budget, max_duration_s: 120 };
  const hurried = { ...creation().settings, budget: limits };

  test("is no work, so it uses up no time", () => {
    const { driver } = givenCreatedAs(
      { settings: hurried },
      ready,
      failed("delivery", "delivery_unavailable"),
    );
    const before = budgetUse(driver.state.head, driver.state.head.updated_at).duration_s;
    driver.wait(86_400);
    driver.start("delivery");
    const { duration_s } = budgetUse(driver.state.head, driver.state.head.updated_at);
    expect(duration_s - before).toBeLessThan(10);
    expect(driver.state.head.running_since).not.toBeNull();
  });

  test("can be ended although the budget is used up: handing over costs nothing", () => {
    const { driver } = givenCreatedAs({ settings: hurried }, ready);
    driver.wait(500);
    failed("delivery", "delivery_failed")(driver);
    resumed()(driver);
    expect(driver.state.head.status).toBe("running");
    delivered(driver);
    expect(driver.state.head.status).toBe("completed");
  });
});

test("a delivery that an earlier version has failed at is asked for anew, with all that it was asked for", () => {
  const settings = { ...creation().settings, delivery: DIRECTORY };
  const { driver } = givenCreatedAs({ settings }, refused);
  const unknown = { ...FIRST_DELIVERY, status: "failed" as const, action: "directory", message: "it was" };
  driver.state = { ...driver.state, deliveries: driver.state.deliveries.set("d1", unknown) };
  resumed()(driver);
  driver.start("delivery");
  expect(newestDelivery(driver.state)).toMatchObject({ ...DIRECTORY, id: "d1", status: "delivering" });
});

test("resuming after a failed delivery makes the same one again", () => {
  const { driver } = given(refused, resumed());
  expect(steps(driver.state)).toEqual(["delivery"]);
  driver.start("delivery");
  expect(deliveries(driver.state)).toEqual(["d1 api-response delivering"]);
});

test("what is stored of deliveries is what is known of them", () => {
  const { driver } = given(refused, asked(DIRECTORY), done("delivery:2"));
  expect(deliveries(driver.stored.restored())).toEqual(deliveries(driver.state));
});
