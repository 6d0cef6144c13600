import { describe, expect, test } from "vitest";

import { resolves } from "./citation.ts";
import { unsupportedClaims, withoutClaims } from "./claims.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { constantExit, decidingParts, printsTheSame } from "./shell-command.ts";
import { stubbedTree } from "./stubbed-tree.ts";
import { hasCases, testProblems } from "./test-integrity.ts";

/** What a model could write to make somebody who goes through it again and again take for ever. */
const PARTS = [
  "{",
  "\n",
  " ",
  "\t",
  "\r\n",
  "\\",
  '"',
  "'",
  "`",
  '\\"',
  "\\'",
  "\\`",
  "\\`\n",
  "\"'",
  "`\\`",
  "(",
  ")",
  "[",
  "#",
  "/",
  "//",
  "/*",
  "it.",
  "it.it.",
  "it (",
  "test ",
  "test(",
  'test("a',
  "test('",
  "assert",
  "assert ",
  "assert.",
  "expect ",
  "\n assert",
  "def test_",
  "func Test",
  "x.skip ",
  "{ skip",
  "{ skip :",
  "{ only",
  "@skip",
  "process.exit( ",
  "exit(",
  "exit (0 ",
  "os._exit ( ",
  "return ",
  "export {",
  "\nexport {",
  "export { a ",
  "import ",
  'from "./',
  "require('",
  "${",
  "`${",
  "the ",
  "I have ",
  "tests ",
  "tests, and ",
  "All tests pass. ",
  "no errors ",
  "checks ",
  "pushed ",
  "PR ",
  "; ",
  ";",
  "&",
  "& ",
  "&&",
  "||",
  " || true",
  "|",
  "! ",
  "env ",
  "sh -c ",
  "sh -c '",
  "( ",
  "{ ",
  "if ",
  ";then ",
  "; else ",
  "; fi",
  "[ a",
  "[ =",
  "test =",
  "node -e ",
  "set -e;",
  "exit $",
  "a=b ",
  "-t ",
  "vitest -t ",
  "mocha -g",
  "--grep ",
  "\u0301",
  "\ufdfa",
  "e\u0301 ",
];
/** What is followed by blanks without end. */
const STARTS = [
  "exit(",
  "process.exit(",
  "os._exit",
  "test(",
  'test("a",',
  "{ skip",
  "func TestA",
  "def test_",
  "import {",
  "export {",
  "export { a",
  "tests",
  "I",
  "node -e '",
  "[ a",
  "test",
  "ls",
  "if true; then",
  "sh",
  "set",
];
const LARGE = 1_000_000;
const SMALL = 30_000;

/** What each makes of a text, whatever its length: numbers apart, and each thing that it says once. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  testProblems: (text) => [
    ...said(testProblems(new Map([["a.test.js", text]]), null)),
    ...said(losses(text)),
  ],
  "testProblems in Python": (text) => said(testProblems(new Map([["tests/test_a.py", text]]), null)),
  "testProblems of a script": (text) => said(testProblems(new Map(scripted(text)), null)),
  hasCases: (text) => hasCases("a.test.js", text) || hasCases("test_a.py", text),
  stubbedTree: (text) =>
    stubbedTree(
      new Map([
        ["a.js", text],
        ["b.py", text],
      ]),
      [text],
    )?.size,
  unsupportedClaims: (text) => {
    const claims = unsupportedClaims(text, { tests: false, build: false, ran: false, delivered: false });
    return [[...new Set(claims.map(({ claim }) => claim))], withoutClaims(text, claims).length <= LARGE];
  },
  fingerprintOf: (text) => fingerprintOf(text).length < LARGE,
  "resolves a quote": (text) => resolves({ path: "a", line: null, quote: text }, `${text}.`),
  "resolves in a text": (text) => resolves({ path: "a", line: 1, quote: "zebra" }, text),
  constantExit: (text) => [`true ${text}`, `${text}true`, `node -e "${text}`].map(constantExit).length,
  decidingParts: (text) => decidingParts(text).length > 0,
  printsTheSame: (text) => typeof printsTheSame(text),
};

describe.each(Object.entries(READERS))("%s goes through a megabyte about once", (_name, read) => {
  test("of blanks", () => {
    for (const start of STARTS) {
      const made = (length: number) => read(`${start}${" ".repeat(length)}x`);
      expect([start, made(LARGE)]).toEqual([start, made(SMALL)]);
    }
  }, 30_000);

  test("of anything", () => {
    for (const part of PARTS)
      expect([part, read(repeated(part, LARGE))]).toEqual([part, read(repeated(part, SMALL))]);
  }, 30_000);
});

function repeated(part: string, length: number): string {
  return part.repeat(Math.ceil(length / part.length));
}

function losses(text: string): readonly string[] {
  return testProblems(new Map(), new Map([["a.test.js", text]]));
}

function scripted(text: string): [string, string][] {
  return [
    ["a.test.js", 'test("a", () => assert.ok(1));'],
    ["package.json", JSON.stringify({ scripts: { test: `node --test ${text}` } })],
  ];
}

function said(problems: readonly string[]): string[] {
  return [...new Set(problems.map((problem) => problem.replaceAll(/\d+/g, "n").slice(0, 60)))];
}
