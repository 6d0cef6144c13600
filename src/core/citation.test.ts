import { describe, expect, test } from "vitest";

import { type Citation, citationKey, resolves } from "./citation.ts";

const FILE = `import { greet } from "./greet.js";

export function main() {
  console.log(greet("world"));
}
// one
// two
// three
// four
// five
return value;
`;

type Case = readonly [what: string, cited: Partial<Citation>, content: string | null, found: boolean];

const CASES: readonly Case[] = [
  ["a line that is there", { line: 3 }, FILE, true],
  ["the first line", { line: 1 }, FILE, true],
  ["a line behind the end", { line: 99 }, FILE, false],
  ["an empty line", { line: 2 }, FILE, false],
  ["a blank line", { line: 1 }, "   \nx", false],
  ["the place behind the last line break", { line: 12 }, FILE, false],
  ["a quote anywhere", { quote: "export function main" }, FILE, true],
  ["a quote that is nowhere", { quote: "export function other" }, FILE, false],
  ["a quote in another case", { quote: "EXPORT FUNCTION MAIN" }, FILE, false],
  ["a quote on its line", { line: 3, quote: "export function main()" }, FILE, true],
  ["a quote a little above", { line: 6, quote: "export function main()" }, FILE, true],
  ["a quote a little below", { line: 1, quote: "console.log(greet" }, FILE, true],
  ["a quote far from its line", { line: 3, quote: "return value;" }, FILE, false],
  ["a quote beside a line that is not there", { line: 50, quote: "export function main" }, FILE, false],
  ["a quote over two lines", { line: 3, quote: 'main() {\n  console.log(greet("world"))' }, FILE, true],
  ["a quote with other white space", { quote: "main()   {\n\n console.log(greet" }, FILE, true],
  ["a quote in a file with carriage returns", { quote: "a b" }, "a\r\nb\r\n", true],
  ["a quote too short to show anything", { quote: "ma" }, FILE, false],
  ["a quote of nothing but white space, with its line", { line: 3, quote: " " }, FILE, true],
  ["an empty quote without a line", { quote: "" }, FILE, false],
  ["neither line nor quote", {}, FILE, false],
  ["a file that is not there", { line: 1 }, null, false],
  ["an empty file", { line: 1 }, "", false],
];

describe("a citation", () => {
  test.each(CASES)("of %s", (_what, cited, content, found) => {
    expect(resolves({ path: "main.js", line: null, quote: null, ...cited }, content)).toBe(found);
  });

  test("is named by all of it", () => {
    const keys = [
      { path: "a", line: 1, quote: null },
      { path: "a", line: null, quote: "1" },
      { path: "a", line: 1, quote: "1" },
      { path: "b", line: 1, quote: null },
    ].map(citationKey);
    expect(new Set(keys).size).toBe(4);
    expect(citationKey({ quote: null, line: 1, path: "a" })).toBe(keys[0]);
  });
});
