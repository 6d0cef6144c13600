import { expect, test } from "vitest";

import { elapsedText, oneLine, plural, sizeText } from "./wording.ts";

test.each([
  [0, "0.0s"],
  [-5, "0.0s"],
  [4_060, "4.1s"],
  [59_949, "59.9s"],
  [59_960, "1m00s"],
  [168_000, "2m48s"],
  [3_719_000, "1h01m"],
])("%i ms is %s", (milliseconds, text) => expect(elapsedText(milliseconds)).toBe(text));

test.each([
  [999, "999 B"],
  [1500, "1.5 kB"],
  [2_000_000, "2.0 MB"],
])("%i bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));

test("one is singular", () => {
  expect([plural(1, "artifact"), plural(0, "artifact"), plural(1200, "token")]).toEqual([
    "1 artifact",
    "0 artifacts",
    "1,200 tokens",
  ]);
});

test("long text is cut, and control characters are gone", () => {
  expect(oneLine("one\ntwo\u001b[31m three", 12)).toBe("one two [31…");
});
