import { expect, test } from "vitest";

import { fingerprintOf } from "./fingerprint.ts";

test.each([
  ["another order and case", "It does not greet.", "Not greet it does!"],
  ["other numbers", "Line 3 is too long (120 characters).", "Line 17 is too long (98 characters)."],
  ["other small words", "The test was still failing.", "Test failing again"],
  ["other punctuation and forms of a letter", "Café `opens` late", "cafe\u0301 opens – late"],
  ["words that are said twice", "greet greet world", "world greet"],
])("%s is about the same", (_what, one, other) => {
  expect(fingerprintOf(other)).toBe(fingerprintOf(one));
  expect(fingerprintOf(one)).not.toBe("");
});

test.each([
  ["It does not greet.", "It does not stop."],
  ["Missing input check in parse", "Missing output check in parse"],
])("%j is not %j", (one, other) => {
  expect(fingerprintOf(one)).not.toBe(fingerprintOf(other));
});

test("words of another alphabet count", () => {
  expect(fingerprintOf("\u03b1\u03b2\u03b3 \u03b4\u03b5\u03b6")).not.toBe(
    fingerprintOf("\u03b1\u03b2\u03b3"),
  );
});

test.each(["", "42", "错误", "!?"])("%j has none", (text) => {
  expect(fingerprintOf(text)).toBe("");
});
