import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { newestDelivery } from "../core/workflow/state.ts";
import { failing } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, type TestEngine } from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };
/** With chance at one half: three quarters of 1, 2 and 4 s. */
const BACKOFF = [750, 1_500, 3_000];
const DAY = 86_400_000;

let engine: TestEngine;
beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(() => engine.close());
afterEach(() => engine.model.reset());

async function waitOut(delays: readonly number[]): Promise<void> {
  for (const delay of delays) {
    await engine.clock.armed(delay);
    engine.clock.advance(delay);
  }
}

async function startsOf(id: string, stepId: string): Promise<WorkflowEvent[]> {
  return (await engine.events(id)).filter(
    (event) => event.type === "step.started" && event.step_id === stepId,
  );
}

function failure(event: WorkflowEvent): unknown {
  if (event.type !== "step.failed") throw new Error(`${event.type} is no failure`);
  return { code: event.payload.code, retry: event.payload.retry_at !== null };
}

describe("a failure that passes", () => {
  test("is waited out for exactly as long as the provider asks", async () => {
    engine.model.next("director", failing("rate_limited", "slow down", 7_000));
    const id = await engine.create();
    const failed = await engine.reached(id, "step.failed", "director");
    await engine.clock.armed(7_000);
    engine.clock.advance(6_999);
    await engine.engine.pause(PERSON, id); // whatever could have started has started by now
    expect(engine.model.of(id)).toHaveLength(1);
    await engine.engine.resume(PERSON, id, RESUME);
    await engine.closed(id);
    expect((await engine.state(id)).head.status).toBe("completed");
    expect(failure(failed)).toEqual({ code: "rate_limited", retry: true });
  });

  test("is tried again at the first moment at which it may be", async () => {
    engine.model.next("director", failing("rate_limited", "slow down", 7_000));
    const id = await engine.create();
    await waitOut([7_000]);
    await engine.closed(id);
    const [first, second] = await startsOf(id, "director");
    expect(Date.parse(second?.occurred_at ?? "") - Date.parse(first?.occurred_at ?? "")).toBe(7_000);
    expect(engine.model.requestsPerStep(id)["director"]).toBe(2);
  });

  test("is tried again while another task still runs", async () => {
    const held = engine.model.hold("task:a");
    engine.model.next("task:b", failing("rate_limited", "slow down", 5_000));
    const id = await engine.create();
    await held.arrived;
    await waitOut([5_000]);
    await engine.reached(id, "step.completed", "task:b");
    held.release();
    await engine.closed(id);
    expect(engine.model.requestsPerStep(id)).toMatchObject({ "task:a": 1, "task:b": 2, "task:c": 1 });
  });

  test("waits a day at most, whatever the provider asks", async () => {
    engine.model.next("director", failing("rate_limited", "come back next century", 1e17));
    const id = await engine.create();
    await waitOut([DAY]);
    await engine.closed(id);
    expect((await engine.state(id)).head.status).toBe("completed");
  });

  test("of the network backs off, then parks; resume goes on and counts attempts further", async () => {
    const down = failing("network", "connection refused");
    engine.model.next("project_manager", down, down, down, down);
    const id = await engine.create();
    await waitOut(BACKOFF);
    const parked = await engine.parked(id);
    expect(parked).toEqual({ reason: "provider_down", message: "connection refused" });
    expect(engine.clock.waits).toEqual([]);
    await engine.engine.resume(PERSON, id, RESUME);
    await engine.closed(id);
    const attempts = (await startsOf(id, "project_manager")).map((event) =>
      event.type === "step.started" ? event.payload.attempt : null,
    );
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    expect(engine.model.requestsPerStep(id)["director"]).toBe(1);
    const calls = await engine.tenant.listModelCalls(id);
    const failed = calls.filter((call) => call.error?.code === "network");
    expect(failed.map((call) => call.attempt)).toEqual([1, 2, 3, 4]);
  });

  test("of an overloaded provider has ten attempts", async () => {
    const busy = failing("overloaded", "try later");
    engine.model.next("director", ...Array.from({ length: 10 }, () => busy));
    const id = await engine.create();
    await waitOut([...BACKOFF, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]);
    expect((await engine.parked(id)).reason).toBe("provider_down");
    expect(engine.model.of(id)).toHaveLength(10);
  });

  test("of time aborts the request, says so and is tried again", async () => {
    const held = engine.model.hold("architect:0");
    const id = await engine.create();
    const call = await held.arrived;
    await waitOut([300_000]);
    const failed = await engine.reached(id, "step.failed", "architect:0");
    expect(failed.payload).toMatchObject({
      code: "timeout",
      message: "fake/small did not answer within 300 s.",
    });
    expect(call.outcome).toBe("aborted");
    await waitOut(BACKOFF.slice(0, 1));
    await engine.closed(id);
    expect(engine.model.requestsPerStep(id)["architect:0"]).toBe(2);
    expect(engine.clock.waits).toEqual([]);
  });

  test("of our own making is tried again, then fails the workflow and stands in the log", async () => {
    const boom = (): never => {
      throw new TypeError("undefined is not a function");
    };
    engine.model.next("director", boom);
    const one = await engine.create();
    await waitOut(BACKOFF.slice(0, 1));
    expect((await engine.closed(one)).head.status).toBe("completed");
    expect(engine.logged).toContainEqual(
      expect.objectContaining({ level: "error", step_id: "director", workflow_id: one }),
    );

    engine.model.next("director", boom, boom, boom);
    const other = await engine.create();
    await waitOut(BACKOFF.slice(0, 2));
    expect((await engine.closed(other)).head).toMatchObject({
      status: "failed",
      error: { code: "internal", message: "undefined is not a function" },
    });
  });
});

describe("a failure that a person must mend", () => {
  test.each([
    ["auth", "provider_auth"],
    ["credit", "provider_credit"],
    ["unknown_model", "unknown_model"],
  ] as const)("%s parks at once as %s, and says what the provider said", async (code, reason) => {
    engine.model.next("qa:0", failing(code, `${code}: look at your account`));
    const id = await engine.create();
    expect(await engine.parked(id)).toEqual({ reason, message: `${code}: look at your account` });
    expect(engine.model.requestsPerStep(id)["qa:0"]).toBe(1);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)).toMatchObject({ "qa:0": 2, "task:a": 1 });
  });

  test("a delivery that fails parks with the reason; resume delivers without asking a model for it", async () => {
    const out = join(engine.directory, "out");
    const own = await engine.restart({ allowed_directories: [out] });
    engine = own;
    await writeFile(out, "in the way");
    const id = await own.create({ delivery: { action: "directory", config: { path: out } } });
    const parked = await own.parked(id);
    expect(parked.reason).toBe("delivery_failed");
    expect(parked.message).toContain(out);
    expect(newestDelivery(await own.state(id))).toMatchObject({ status: "failed", action: "directory" });
    const before = own.model.requestsPerStep(id);
    await rm(out);
    await mkdir(out);
    await own.engine.resume(PERSON, id, RESUME);
    expect((await own.closed(id)).head.status).toBe("completed");
    expect(own.model.requestsPerStep(id)).toEqual({ ...before, "refiner:1": 1 });
    expect((await readdir(out)).toSorted()).toEqual(["a.txt", "b.txt", "c.txt"]);
  });
});

test("a packet that does not fit is shortened once, and then a person is asked", async () => {
  const overflow = failing("context_overflow", "too long");
  engine.model.next("architect:0", overflow);
  const request = "Write three files. ".repeat(1_000);
  const fitting = await engine.run({ request });
  expect(engine.model.requestsPerStep(fitting)["architect:0"]).toBe(2);
  const events = await engine.events(fitting);
  expect(events.filter((event) => event.type === "model.reasked")).toMatchObject([
    { payload: { problems: ["The packet does not fit the model's context; it was shortened."] } },
  ]);
  engine.model.next("architect:0", overflow, overflow);
  const id = await engine.create({ request });
  expect(await engine.parked(id)).toEqual({ reason: "context_overflow", message: "too long" });
  expect(engine.model.requestsPerStep(id)["architect:0"]).toBe(2);
});

test("a packet that can't be shortened is not sent a second time", async () => {
  engine.model.next("architect:0", failing("context_overflow", "too long"));
  const id = await engine.create();
  expect((await engine.parked(id)).reason).toBe("context_overflow");
  expect(engine.model.requestsPerStep(id)["architect:0"]).toBe(1);
});

describe("a failure that ends the workflow", () => {
  test.each([
    ["refusal", []],
    ["truncated", BACKOFF.slice(0, 1)],
  ] as const)("%s: failed with its code, looked back upon, closed", async (code, delays) => {
    const reaction = failing(code, `${code} it is`);
    engine.model.next("architect:0", ...[...delays, 0].map(() => reaction));
    const id = await engine.create();
    await waitOut(delays);
    const { head } = await engine.closed(id);
    expect(head).toMatchObject({
      status: "failed",
      error: { code, message: `${code} it is`, step_id: "architect:0" },
    });
    expect(engine.model.requestsPerStep(id)).toMatchObject({
      "architect:0": delays.length + 1,
      "refiner:1": 1,
    });
  });

  test("lets a task that runs beside finish, starts no other, and only then looks back", async () => {
    const held = engine.model.hold("task:a");
    engine.model.next("task:b", failing("refusal", "no"));
    const id = await engine.create();
    await held.arrived;
    await engine.event(id, (event) => event.type === "state.transition" && event.payload.to === "failed");
    expect(engine.model.requestsPerStep(id)["refiner:1"]).toBeUndefined();
    held.release();
    const state = await engine.closed(id);
    expect([...state.artifacts.values()].map(({ path }) => path)).toEqual(["a.txt"]);
    expect(engine.model.requestsPerStep(id)["task:c"]).toBeUndefined();
    expect((await startsOf(id, "refiner:1")).map((event) => event.seq)).toEqual([
      1 + ((await engine.events(id)).findLast((event) => event.step_id === "task:a")?.seq ?? 0),
    ]);
  });

  test("never comes from the Refiner: a completed workflow stays completed and closes", async () => {
    engine.model.next("refiner:1", failing("refusal", "I look back on nothing"));
    const refused = await engine.closed(await engine.create());
    expect(refused.head).toMatchObject({ status: "completed", closed: true, error: null });

    const down = failing("network", "gone");
    engine.model.next("refiner:1", down, down, down, down);
    const id = await engine.create();
    await waitOut(BACKOFF);
    expect((await engine.closed(id)).head).toMatchObject({ status: "completed", closed: true });
    expect(engine.model.requestsPerStep(id)["refiner:1"]).toBe(4);
  });
});
