import { expect, test } from "vitest";

import { requestOf } from "../testsuite/test-wiring.ts";
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
