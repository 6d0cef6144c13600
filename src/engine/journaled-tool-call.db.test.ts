import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

import type { ToolSemantics } from "../core/tool-semantics.ts";
import { newestDelivery } from "../core/workflow/state.ts";
import type { DeliveryAction, DeliveryReceipt } from "../ports/delivery-action.ts";
import { openTestEngine, PERSON, STORES, type TestEngine } from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

/** A world outside: it remembers what was done to it, and can keep an answer to itself. */
class Outside {
  readonly effects: string[] = [];
  readonly looks: string[] = [];
  /** Keeps the next answer until the attempt ends; `done` is whether the effect comes before that. */
  swallow: { readonly done: boolean } | null = null;
  readonly #swallowed = Promise.withResolvers<void>();

  get swallowed(): Promise<void> {
    return this.#swallowed.promise;
  }

  action(semantics: ToolSemantics): DeliveryAction {
    const receipt = (key: string): DeliveryReceipt => ({
      action: "letter",
      links: [`letter:${key}`],
      metadata: [],
    });
    return {
      name: "letter",
      description: "Sends a letter to a world that remembers what it gets.",
      outward: false,
      semantics,
      config: z.strictObject({}),
      deliver: async (_config, { key, signal }) => {
        const { swallow } = this;
        this.swallow = null;
        if (swallow?.done !== false) this.effects.push(key);
        if (swallow) {
          this.#swallowed.resolve();
          await new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          );
        }
        return receipt(key);
      },
      preview: () => Promise.resolve({ target: "outside", effects: ["a letter is sent"] }),
      lookUp: async (_config, { key }) => {
        this.looks.push(key);
        return this.effects.includes(key) ? receipt(key) : null;
      },
    };
  }
}

let engine: TestEngine;
afterEach(() => engine.close());

const LETTER = { action: "letter", config: {} };

/** The same for every attempt at the same tree. */
async function keyOf(id: string): Promise<string> {
  return `${id}/letter/${newestDelivery(await engine.state(id))?.tree_hash}`;
}

/** A workflow whose process dies after the letter was sent, or before, and without an answer. */
async function interrupted(
  semantics: ToolSemantics,
  { done, store = "sqlite" }: { readonly done: boolean; readonly store?: (typeof STORES)[number] },
) {
  const outside = new Outside();
  engine = await openTestEngine({ store, deliveryActions: [outside.action(semantics)] });
  outside.swallow = { done };
  const id = await engine.create({ delivery: LETTER });
  await outside.swallowed;
  engine = await engine.crash();
  return { outside, id, key: await keyOf(id) };
}

test("an outside effect is written down before it happens, and again with what it brought", async () => {
  const outside = new Outside();
  engine = await openTestEngine({ deliveryActions: [outside.action("keyed")] });
  const id = await engine.run({ delivery: LETTER });
  const key = await keyOf(id);
  expect(outside.effects).toEqual([key]);
  const rows = await engine.tenant.listToolCalls(id, "delivery");
  expect(rows).toMatchObject([
    { tool: "deliver:letter", key, status: "answered", known_by: "call", attempt: 1 },
  ]);
  const types = (await engine.events(id)).map((event) => event.type);
  expect(types.indexOf("tool.requested")).toBeLessThan(types.indexOf("tool.called"));
  expect(newestDelivery(await engine.state(id))?.links).toEqual([`letter:${key}`]);
});

describe.each(STORES)("when nobody heard how it ended, on %s", (store) => {
  test.each(["read", "keyed"] as const)("%s: it is done again under the same key", async (semantics) => {
    const { outside, id, key } = await interrupted(semantics, { done: true, store });
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(outside.effects).toEqual([key, key]);
  });

  test("reconcile: what has happened is found, and not done again", async () => {
    const { outside, id, key } = await interrupted("reconcile", { done: true, store });
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(outside).toMatchObject({ effects: [key], looks: [key] });
    expect(newestDelivery(await engine.state(id))?.links).toEqual([`letter:${key}`]);
  });

  test("reconcile: what has not happened is done", async () => {
    const { outside, id, key } = await interrupted("reconcile", { done: false, store });
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(outside).toMatchObject({ effects: [key], looks: [key] });
  });
});

describe("ask: only a person can tell", () => {
  test("it waits at the gate; what has happened is taken as done", async () => {
    const { outside, id } = await interrupted("ask", { done: true });
    const { reason, message } = await engine.parked(id);
    expect(reason).toBe("outcome");
    expect(message).toContain("deliver:letter");
    expect((await engine.state(id)).head.status).toBe("awaiting_approval");
    await expect(engine.engine.resume(PERSON, id, RESUME)).rejects.toMatchObject({ code: "outcome_needed" });
    await engine.engine.resume(PERSON, id, { ...RESUME, outcome: "happened" });
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(outside.effects).toHaveLength(1);
    expect(newestDelivery(await engine.state(id))?.metadata).toEqual([
      { name: "confirmed_by", value: "person" },
    ]);
  });

  test("what has not happened is done", async () => {
    const { outside, id } = await interrupted("ask", { done: false });
    await engine.parked(id);
    await engine.engine.resume(PERSON, id, { ...RESUME, outcome: "repeat" });
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(outside.effects).toHaveLength(1);
  });
});

test("a recorded result is served again when the step could not be finished", async () => {
  const outside = new Outside();
  engine = await openTestEngine({ deliveryActions: [outside.action("ask")] });
  engine.clock.fly();
  let defects = 2; // with what the step has recorded, and once more alone
  engine.store.beforeCommit = (commit) => {
    if (defects === 0 || !commit.events.some((event) => event.type === "delivery.completed")) return;
    defects -= 1;
    throw new TypeError("undefined is not a function");
  };
  const id = await engine.run({ delivery: LETTER });
  expect((await engine.state(id)).head.status).toBe("completed");
  expect(outside.effects).toHaveLength(1);
  const replayed = (await engine.events(id)).filter((event) => event.type === "tool.replayed");
  expect(replayed).toMatchObject([{ payload: { attempt: 2, recorded_attempt: 1, tool: "deliver:letter" } }]);
});
