import { expect, test } from "vitest";

import { toolCallsIn } from "./tool-calls.ts";

const call = (toolCallId: string, input: string) => ({
  type: "tool-call" as const,
  toolCallId,
  toolName: "t",
  input,
});
const idsOf = (...calls: ReturnType<typeof call>[]): string[] => toolCallsIn(calls, []).map(({ id }) => id);

test("an id that is made up is none that the answer already has", () => {
  expect(idsOf(call("a_2", "0"), call("a", "1"), call("a", "2"), call("a", "3"))).toEqual([
    "a_2",
    "a",
    "a_3",
    "a_4",
  ]);
});

test("calls without an id are calls of their own, unless they say the same", () => {
  expect(idsOf(call("", "1"), call("", "2"), call("", "1"))).toEqual(["call", "call_2"]);
});

test("what the vendor's own servers have run is not run again", () => {
  expect(toolCallsIn([{ ...call("a", "1"), providerExecuted: true }], [])).toEqual([]);
});

test("fifty thousand calls under one id are read in time", () => {
  const started = performance.now();
  const ids = idsOf(...Array.from({ length: 50_000 }, (_, index) => call("a", String(index))));
  expect(new Set(ids).size).toBe(50_000);
  expect(performance.now() - started).toBeLessThan(2_000);
});
