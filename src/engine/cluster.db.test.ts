import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { Feed } from "../storage/postgres/cluster/feed.ts";
import { failing } from "./testing/scripted-model.testsuite.ts";
import {
  openTestEngine,
  PERSON,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

let first: TestEngine;
let others: TestEngine[] = [];
beforeEach(async () => {
  first = await openTestEngine({ store: "postgres", role: "api" });
});
afterEach(async () => {
  for (const node of others.toReversed()) await node.leave();
  others = [];
  await first.close();
});

async function worker(options: TestEngineOptions = {}): Promise<TestEngine> {
  const node = await first.join({ role: "worker", ...options });
  others.push(node);
  return node;
}

/** Gone from one moment to the next. */
async function kill(node: TestEngine): Promise<void> {
  others = others.filter((other) => other !== node);
  await node.store.sever();
}

function ownersOf(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) => (event.type === "step.started" ? [event.payload.owner] : []));
}

function nodeOf(node: TestEngine): string {
  return node.app.instanceId;
}

describe("a node that only answers the API", () => {
  test("leaves the work to others, and hears of it as it happens", async () => {
    const node = await worker();
    const id = await first.create();
    const heard: number[] = [];
    const stop = first.engine.subscribe(PERSON, id, (events) =>
      heard.push(...events.map(({ event }) => event.seq)),
    );
    expect((await first.closed(id)).head.status).toBe("completed");
    stop();
    expect(new Set(ownersOf(await first.events(id)))).toEqual(new Set([nodeOf(node)]));
    expect(heard).toEqual(heard.toSorted((left, right) => left - right));
    const { folded, stored } = await first.journal(id);
    expect(stored).toEqual(folded);
  });

  test("keeps what nobody works on yet", async () => {
    const id = await first.create();
    expect((await first.state(id)).head.status).toBe("pending");
    await worker();
    expect((await first.closed(id)).head.status).toBe("completed");
    expect(first.model.requestsPerStep(id)["director"]).toBe(1);
  });

  test("cancels what runs elsewhere: the call is aborted there", async () => {
    await worker();
    const held = first.model.hold("director");
    const id = await first.create();
    const call = await held.arrived;
    const aborted = new Promise((resolve) => {
      call.request.signal.addEventListener("abort", resolve, { once: true });
    });
    expect((await first.engine.cancel(PERSON, id)).head.status).toBe("cancelled");
    await aborted;
    expect((await first.events(id)).at(-1)?.type).toBe("workflow.closed");
  });

  test("pauses and resumes what runs elsewhere, without a step done twice", async () => {
    await worker();
    const held = first.model.hold("project_manager");
    const id = await first.create();
    await held.arrived;
    expect((await first.engine.pause(PERSON, id)).head.status).toBe("paused");
    held.release();
    await first.reached(id, "step.completed", "project_manager");
    expect((await first.state(id)).head.status).toBe("paused");
    await first.engine.resume(PERSON, id, RESUME);
    expect((await first.closed(id)).head.status).toBe("completed");
    expect(Object.values(first.model.requestsPerStep(id)).every((requests) => requests === 1)).toBe(true);
  });
});

describe("when a node dies", () => {
  test("another goes on at once: only the call in flight is made again", async () => {
    const doomed = await worker();
    const held = first.model.hold("architect:0");
    const id = await first.create();
    await held.arrived;
    const heir = await worker();
    await kill(doomed);
    expect((await first.closed(id)).head.status).toBe("completed");
    expect(first.model.requestsPerStep(id)).toMatchObject({
      director: 1,
      project_manager: 1,
      "architect:0": 2,
      "qa:0": 1,
    });
    expect(new Set(ownersOf(await first.events(id)))).toEqual(new Set([nodeOf(doomed), nodeOf(heir)]));
  });

  test("every one of its workflows finds another, and none is lost", async () => {
    const doomed = await worker({ max_concurrent_workflows: 8 });
    const held = Array.from({ length: 8 }, () => first.model.hold("director"));
    const ids = await Promise.all(held.map(() => first.create()));
    await Promise.all(held.map(({ arrived }) => arrived));
    await Promise.all([worker(), worker()]);
    await kill(doomed);
    for (const id of ids) {
      expect((await first.closed(id)).head.status).toBe("completed");
      expect(first.model.requestsPerStep(id)["director"]).toBe(2);
    }
  });
});

test("a node that goes hands its work over without a failure counted", async () => {
  const leaving = await worker();
  const held = first.model.hold("qa:0");
  const id = await first.create();
  await held.arrived;
  await worker();
  others = others.filter((node) => node !== leaving);
  await leaving.leave();
  expect((await first.closed(id)).head.status).toBe("completed");
  const failed = (await first.events(id)).filter((event) => event.type === "step.failed");
  expect(failed).toMatchObject([{ step_id: "qa:0", payload: { code: "released" } }]);
});

test("a node that goes while a workflow waits a moment hands that over too", async () => {
  const leaving = await worker();
  first.model.next("director", failing("rate_limited", "slow down", 3_000));
  const id = await first.create();
  await first.reached(id, "step.failed", "director");
  others = [];
  await leaving.leave();
  await worker();
  first.clock.advance(3_000);
  expect((await first.closed(id)).head.status).toBe("completed");
});

test("a node that goes with its hands full drops nothing and begins nothing", async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, () => first.create()));
  const held = ids.map(() => first.model.hold("director"));
  const leaving = await worker({ max_concurrent_workflows: 40 });
  await Promise.race(held.map(({ arrived }) => arrived));
  others = [];
  await leaving.leave();
  const asked = first.model.calls.length;
  for (const one of held) one.release();
  await worker({ max_concurrent_workflows: 40 });
  for (const id of ids) expect((await first.closed(id)).head.status).toBe("completed");
  expect(asked).toBeLessThanOrEqual(40);
});

test("what was steered on another node is heard of although the announcement was lost", async () => {
  const lost = vi.spyOn(Feed.prototype, "announce").mockReturnValue();
  try {
    const node = await worker({ role: "all" });
    const held = first.model.hold("director");
    const id = await first.create();
    const call = await held.arrived;
    await first.engine.pause(PERSON, id);
    expect((await node.engine.resume(PERSON, id, RESUME)).head.status).toBe("running");
    await first.engine.cancel(PERSON, id);
    const aborted = new Promise((resolve) => {
      call.request.signal.addEventListener("abort", resolve, { once: true });
    });
    first.clock.fly();
    await aborted;
  } finally {
    expect(lost).toHaveBeenCalled();
    lost.mockRestore();
  }
});

test("an attempt that has lost its step writes nothing but what it has spent", async () => {
  const slow = await worker();
  const held = first.model.hold("director");
  const id = await first.create();
  await held.arrived;
  const state = await first.state(id);
  // The others take the silent node for dead, while its call still runs.
  await slow.store.inner.cluster?.leave();
  await worker();
  await first.reached(id, "step.completed", "director");
  held.release();
  await first.closed(id);
  const events = await first.events(id);
  const completed = events.filter((event) => event.type === "step.completed" && event.step_id === "director");
  expect(completed).toMatchObject([{ payload: { attempt: 2 } }]);
  expect(state.head.open_steps).toMatchObject([{ id: "director", attempt: 1 }]);
  expect((await first.journal(id)).folded).toEqual((await first.journal(id)).stored);
});

test("a tenant gets no more than its share over all nodes", async () => {
  await Promise.all([worker({ max_concurrent_workflows: 2 }), worker({ max_concurrent_workflows: 2 })]);
  const held = Array.from({ length: 6 }, () => first.model.hold("director"));
  const ids = await Promise.all(held.map(() => first.create()));
  await Promise.all(held.slice(0, 4).map(({ arrived }) => arrived));
  const statuses = await Promise.all(ids.map(async (id) => (await first.state(id)).head.status));
  expect(statuses.filter((status) => status === "running")).toHaveLength(4);
  for (const one of held) one.release();
  for (const id of ids) await first.closed(id);
});
