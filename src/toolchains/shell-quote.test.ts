import { execFileSync } from "node:child_process";

import fc from "fast-check";
import { expect, test } from "vitest";

import { shellQuote } from "./shell-quote.ts";

const word = fc
  .string({ minLength: 1, unit: "binary" })
  .filter((text) => !text.includes("\0") && text.isWellFormed());

test("property: bash reads back what was quoted", () => {
  // One bash for all: starting one takes most of the time.
  const words = ["-n", "it's", "a b", "$HOME", "`x`", "a\nb", ...fc.sample(word, 1_000)];
  const printed = execFileSync("bash", ["-c", `printf '%s\\0' ${words.map(shellQuote).join(" ")}`]);
  const expected = words.map((text) => (text.startsWith("-") ? `./${text}` : text));
  expect(printed.toString().split("\0").slice(0, -1)).toEqual(expected);
}, 30_000);
