import { expect, test } from "vitest";

import { requestOf } from "../testsuite/test-wiring.testsuite.ts";
import { contextTokens } from "./context-tokens.ts";

test.each([
  [0, 8_192],
  [12_000, 8_192],
  [13_000, 16_384],
  [300_000, 131_072],
  [9_000_000, 131_072],
])("%i characters ask for a context of %i tokens", (length, expected) => {
  const content = "x".repeat(length);
  const request = requestOf({ instructions: "", messages: [{ role: "user", content }], schema: {} });
  expect(contextTokens(request)).toBe(expected);
});

test("tools, calls and their answers count too", () => {
  const long = "x".repeat(13_000);
  const call = { id: "1", name: "t", arguments: long };
  const answer = { id: "1", name: "t", content: long, is_error: false };
  const small = { instructions: "", schema: {}, messages: [] };
  const requests = [
    requestOf({ ...small, tools: [{ name: "t", description: long, parameters: {} }] }),
    requestOf({ ...small, messages: [{ role: "assistant", content: "", tool_calls: [call] }] }),
    requestOf({ ...small, messages: [{ role: "tool", answers: [answer] }] }),
  ];
  expect(requests.map(contextTokens)).toEqual([16_384, 16_384, 16_384]);
});
