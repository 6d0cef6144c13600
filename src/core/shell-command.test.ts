import { describe, expect, test } from "vitest";

import { constantExit, decidingParts, printsTheSame } from "./shell-command.ts";

describe("commands that end the same whatever the tree holds", () => {
  test.each([
    ["true", 0],
    [":", 0],
    [" /bin/true ", 0],
    ["exit 0", 0],
    ["exit 3", 3],
    ["false", 1],
    ["echo all tests passed", 0],
    ['printf "ok"', 0],
    ["node --test || true", 0],
    ["node --test || echo failed", 0],
    ["node --test; true", 0],
    ["node --test; exit 0", 0],
    ["node --test & true", 0],
    ["node --test &", 0],
    ["node --test & wait", 0],
    ["node --test; exit $((0))", 0],
    ["node --test; node -e 0", 0],
    ["if node --test; then true; else echo no; fi", 0],
    ["set -e; true; exit 2", 2],
    ["node --test\ntrue", 0],
    ["node --test | tail -5", 0],
    ["node --test 2>&1 | cat", 0],
    ["true && echo done", 0],
    ["cd . && true", 0],
    ["true # node --test", 0],
    ["sh -c 'true'", 0],
    ['bash -lc "exit 0"', 0],
    ["node --version", 0],
    ["python3 -V", 0],
    ['node -e "process.exit(0)"', 0],
    ["test 1", 0],
    ["[ 1 = 1 ]", 0],
    ["[[ a == a ]]", 0],
    ["true && exit 4", 4],
  ])("%j ends with %i", (command, code) => {
    expect(constantExit(command)).toBe(code);
  });
});

describe("commands that depend on the tree", () => {
  test.each([
    "node --test",
    "npm test && echo ok",
    "npm test && true",
    "npm test || exit 1",
    "npm test || false",
    "npm test; exit $?",
    "set -e; node --test; echo done",
    "set -euo pipefail\nnode --test\necho done",
    "if node --test; then true; else exit 1; fi",
    "node --test & wait $!",
    "set -o pipefail; node --test | tail -5",
    "test -f greet.js",
    "[ -s greet.js ]",
    "cat greet.js",
    "cat greet.js | grep hello",
    "cd lib && true",
    "node greet.js 2>&1",
    "sh -c 'node --test'",
    "! grep -r TODO .",
    "make check # always green",
    "node -e \"import('./greet.js')\"",
  ])("%j may end in more than one way", (command) => {
    expect(constantExit(command)).toBeNull();
  });
});

test("a command longer than anybody reads says nothing", () => {
  const long = `node --test ${"a".repeat(20_000)}`;
  expect([constantExit(long), printsTheSame(long), decidingParts(long)]).toEqual([0, true, [""]]);
});

test("commands inside of commands are followed for a while", () => {
  expect(constantExit(`${"env ".repeat(3)}true`)).toBe(0);
  expect(constantExit(`${"env ".repeat(4_000)}true`)).toBeNull();
  expect(constantExit(`${"! ".repeat(9_000)}true`)).toBeNull();
  expect(constantExit(`${"sh -c ".repeat(3_000)}true`)).toBeNull();
});

test.each([
  ["echo ok", true],
  ["true && printf ok", true],
  ["echo $(node greet.js)", false],
  ["echo `node greet.js`", false],
  ["node greet.js | cat", false],
  ["node greet.js || true", false],
])("%j prints the same whatever the tree holds: %s", (command, same) => {
  expect(printsTheSame(command)).toBe(same);
});

test.each([
  ["cd app && npm test", ["cd app", "npm test"]],
  ["npm test 2>&1 | tail -5", ["tail -5"]],
  ["npm ci; npm test", ["npm test"]],
  ["npm test || cat log", ["cat log"]],
  ["", [""]],
])("of %j the parts %j decide", (command, parts) => {
  expect(decidingParts(command)).toEqual(parts);
});
