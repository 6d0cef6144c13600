import { describe, expect, test } from "vitest";

import { EVENT_PAYLOADS, isStepEvent, parseEvent } from "./events.ts";
import { firstSlice } from "./testing/first-slice.testsuite.ts";

const { events } = firstSlice();
const [first] = events;

describe("parseEvent", () => {
  test("reads back every event of a workflow", () => {
    for (const event of events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
  });

  test.each([
    ["another type", { type: "workflow.dreamt" }, /unknown event type workflow\.dreamt/],
    ["a type that every object has", { type: "toString" }, /unknown event type toString/],
    ["no place in the journal", { seq: 0 }, /seq/],
    ["a foreign payload", { payload: { attempt: 1 } }, /tenant_id/],
    ["a role nobody has", { role: "wizard" }, /role/],
  ])("refuses %s", (_what, change, message) => {
    expect(() => parseEvent({ ...first, ...change })).toThrow(message);
  });

  test.each([null, 7, "workflow.created", []])("refuses %j", (value) => {
    expect(() => parseEvent(value)).toThrow(/expected object/);
  });
});

test("step events are those of steps", () => {
  expect(new Set(events.filter(isStepEvent).map((event) => event.type))).toEqual(
    new Set(["step.started", "step.completed", "step.failed"]),
  );
  expect(Object.keys(EVENT_PAYLOADS).every((type) => /^[a-z]+\.[a-z]+$/.test(type))).toBe(true);
});
