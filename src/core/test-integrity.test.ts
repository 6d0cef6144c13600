import { describe, expect, test } from "vitest";

import { testProblems } from "./test-integrity.ts";

const SOUND = `
import { test } from "node:test";
import assert from "node:assert";
test("adds", () => assert.equal(add(1, 2), 3));
test("subtracts", () => assert.equal(subtract(1, 2), -1));
`;
const PYTHON =
  "import unittest\n\nclass T(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(1, 1)\n";

function problems(
  files: Readonly<Record<string, string>>,
  before?: Readonly<Record<string, string>>,
): string {
  const earlier = before === undefined ? null : new Map(Object.entries(before));
  return testProblems(new Map(Object.entries(files)), earlier).join("\n");
}

describe("tests that prove something are not spoken of", () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ["node", { "a.test.js": SOUND }],
    ["python", { "tests/test_a.py": PYTHON }],
    ["a script that runs them", { "package.json": '{"scripts":{"test":"node --test"}}', "a.test.js": SOUND }],
    [
      "npm's own script without tests",
      { "package.json": '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' },
    ],
    [
      "an exit of the program under test, as text",
      { "a.test.js": `${SOUND}\nspawn("node", ["-e", "process.exit(0)"]);` },
    ],
    ["a fixture that ends itself", { "tests/fixtures/cli.js": "process.exit(0);" }],
    ["one skipped of several", { "a.test.js": `${SOUND}\ntest.skip("later", () => {});` }],
  ])("%s", (_name, files) => {
    expect(problems(files)).toBe("");
    expect(problems(files, files)).toBe("");
  });
});

describe("tests that can't fail", () => {
  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ["an exit", { "a.test.js": `${SOUND}\nprocess.exit(0);` }, /ends its process/],
    ["an exit without a code", { "a.test.js": `${SOUND}\nprocess.exit();` }, /ends its process/],
    ["an exit of Python", { "test_a.py": `${PYTHON}\nimport os\nos._exit(0)\n` }, /ends its process/],
    ["no assertion", { "a.test.js": 'test("adds", () => { add(1, 2); });' }, /asserts nothing/],
    ["all skipped", { "a.test.js": 'test.skip("adds", () => { assert.equal(1, 2); });' }, /is skipped/],
    [
      "a script that is always right",
      { "package.json": '{"scripts":{"test":"node --test || true"}}' },
      /can't fail/,
    ],
    ["a script that runs nothing", { "package.json": '{"scripts":{"test":"echo ok"}}' }, /can't fail/],
  ])("%s", (_name, files, problem) => expect(problems(files)).toMatch(problem));
});

describe("a repair does not make tests weaker", () => {
  const before = { "a.test.js": SOUND };
  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ["a file that is gone", {}, /2 of 2 test cases are gone/],
    ["a case that is gone", { "a.test.js": SOUND.replace(/test\("sub.*/, "") }, /1 of 2 test cases are gone/],
    [
      "an assertion that is gone",
      { "a.test.js": SOUND.replace("assert.equal(add(1, 2), 3)", "add(1, 2)") },
      /assert 1 things less/,
    ],
    [
      "a skip",
      { "a.test.js": SOUND.replace('test("adds"', 'test.skip("adds"') },
      /1 more test\(s\) are skipped/,
    ],
  ])("%s", (_name, files, problem) => expect(problems(files, before)).toMatch(problem));

  test("moving them is no loss", () => {
    expect(problems({ "test/a.test.js": SOUND }, before)).toBe("");
  });
});
