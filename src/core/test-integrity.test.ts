import { describe, expect, test } from "vitest";

import { hasCases, testProblems } from "./test-integrity.ts";

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
    [
      "assertions in a helper",
      { "a.test.js": 'import { check } from "./check.js";\ntest("one", () => check());' },
    ],
    ...[
      'import { equal } from "node:assert";\ntest("adds", () => equal(add(1, 2), 3));',
      'import { equal as same, ok } from "node:assert/strict";\ntest("adds", () => same(add(1, 2), 3));',
      'const { equal: same } = require("assert");\ntest("adds", () => same(add(1, 2), 3));',
      'import is from "uvu/assert";\ntest("adds", () => is.equal(add(1, 2), 3));',
      'test("adds", () => { if (add(1, 2) !== 3) throw new Error("no"); });',
    ].map((code): [string, Readonly<Record<string, string>>] => [
      `assertions in other words: ${code}`,
      { "a.test.js": code },
    ]),
    [
      "assertions in a helper of a helper",
      {
        "test/a.test.js": 'import { check } from "./support/check";\ntest("one", () => check());',
        "test/support/check.js": 'export { check } from "./deep.js";',
        "test/support/deep.js": "export function check() { assert.equal(add(1, 2), 3); }",
      },
    ],
    [
      "assertions beside it in Python",
      {
        "tests/test_a.py": "def test_one():\n    check(1)\n",
        "tests/support.py": "def check(x):\n    assert x\n",
      },
    ],
    [
      "a runner that fails when something failed",
      { "test/run.js": "if (bad) process.exit(1);\nprocess.exit(0);" },
    ],
    ["an exit in a comment", { "a.test.js": `${SOUND}\n// no process.exit(0) here\n/* process.exit() */` }],
    [
      "quotes in patterns",
      { "a.test.js": `${SOUND}\nassert.match(text, /["\`]/);\nassert.ok(/[/"]/.test(text));` },
    ],
    [
      "a method of that name",
      { "a.test.js": `${SOUND}\nmenu.exit();\nconst state = { exit() { return 1; } };` },
    ],
    ["a program with a command of that name", { "src/commands/test/run.js": "process.exit(0);" }],
    [
      "a program that a test imports",
      {
        "a.test.js": `import { add } from "./cli.js";\n${SOUND}`,
        "cli.js": "export const add = 1;\nif (main) process.exit(0);",
      },
    ],
    ["a body that returns something", { "a.test.js": `${SOUND}\ntest("later", () => { return check(); });` }],
    ["an option called only", { "a.test.js": `${SOUND}\nlist({ only: true });\nmodel.fit("x");` }],
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
    ["a helper that ends the process", { "test/setup.js": "process.exit(0);" }, /ends its process/],
    [
      "a helper that ends the process below",
      {
        "test/a.test.js": `import "./support/end.js";\n${SOUND}`,
        "test/support/end.js": "if (bad) process.exit(1);\nprocess.exit(0);",
      },
      /support\/end\.js ends its process/,
    ],
    ["a helper of Python", { "tests/conftest.py": "import os\nos._exit(0)\n" }, /ends its process/],
    [
      "an exit between patterns with quotes",
      { "a.test.js": `${SOUND}\ntext.match(/"/); process.exit(0); text.match(/"/);` },
      /ends its process/,
    ],
    ["an exit in a template", { "a.test.js": `${SOUND}\n\`\${process.exit(0)}\`;` }, /ends its process/],
    [
      "a helper without assertions",
      {
        "a.test.js": 'import { add } from "./add.js";\ntest("adds", () => { add(1, 2); });',
        "add.js": "export const add = (a, b) => a + b;",
      },
      /asserts nothing/,
    ],
    [
      "assertions in comments",
      { "a.test.js": 'test("adds", () => { /* assert.ok(1) */ });' },
      /asserts nothing/,
    ],
    [
      "one alone",
      { "a.test.js": SOUND.replace('test("adds"', 'test.only("adds"') },
      /leaves tests out: 1 of 2/,
    ],
    [
      "one alone by an option",
      { "a.test.js": SOUND.replace('"adds", ', '"adds", { only: true }, ') },
      /leaves tests out/,
    ],
    ...[
      'test("later", () => { return; assert.ok(add(1)); });',
      'test("later", async (t) => {\n  return;\n  assert.ok(add(1));\n});',
      'it("later", function () { return });',
    ].map((code): [string, Readonly<Record<string, string>>, RegExp] => [
      `a body that returns first: ${code}`,
      { "a.test.js": `${SOUND}\n${code}` },
      /returns before/,
    ]),
    [
      "a body of Python that returns first",
      { "test_a.py": `${PYTHON}\n    def test_two(self):\n        return\n        self.assertEqual(1, 2)\n` },
      /returns before/,
    ],
    [
      "assertions that are imported and not used",
      { "a.test.js": 'import assert, { equal } from "node:assert";\ntest("adds", () => { add(1, 2); });' },
      /asserts nothing/,
    ],
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
      "assertions that are gone",
      { "a.test.js": SOUND.replaceAll(/assert\.equal\(/g, "noted(") },
      /assert 2 of 2|asserts nothing/,
    ],
    [
      "a skip",
      { "a.test.js": SOUND.replace('test("adds"', 'test.skip("adds"') },
      /1 more test\(s\) are skipped/,
    ],
  ])("%s", (_name, files, problem) => expect(problems(files, before)).toMatch(problem));

  test("moving them is no loss", () => {
    expect(problems({ "test/a.test.js": SOUND }, before)).toBe("");
    const [one = "", two = ""] = SOUND.split('test("sub');
    expect(problems({ "a.test.js": one, "b.test.js": `test("sub${two}` }, before)).toBe("");
  });

  const much = `${SOUND}${"assert.ok(add(1, 1));\n".repeat(8)}`;
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["some assertions less", { "a.test.js": `${SOUND}${"assert.ok(add(1, 1));\n".repeat(3)}` }, ""],
    [
      "more than half of them less",
      { "a.test.js": SOUND },
      "the tests of a.test.js assert 8 of 10 things less than before; a repair does not weaken tests",
    ],
    [
      "a helper that asserts instead",
      { "a.test.js": `import "./all.js";\n${SOUND}`, "all.js": "export const all = () => assert.ok(1);" },
      "",
    ],
    [
      "more than half of them less elsewhere",
      { "b.test.js": SOUND },
      "the tests assert 8 of 10 things less than before; a repair does not weaken tests",
    ],
  ])("%s", (_name, files, expected) => {
    expect(problems(files, { "a.test.js": much })).toBe(expected);
  });

  test("a case that is only a comment now is gone", () => {
    expect(problems({ "a.test.js": SOUND.replace('test("sub', '// test("sub') }, before)).toMatch(/1 of 2/);
  });
});

describe("the test script of package.json", () => {
  const files = {
    "a.test.js": SOUND,
    "b.test.js": `describe("sums", () => {\n${SOUND}\n});`,
    "test/run.js": "assert.ok(1);",
  };
  const scripted = (script: string): string =>
    problems({ ...files, "package.json": JSON.stringify({ scripts: { test: script } }) });

  test.each([
    "node --test",
    "npm run build && node --test",
    "npm run build; node --test",
    "rm -rf dist; tsc && node --test dist",
    "node test/run.js",
    "node -r ts-node/register test/run.js; node --test",
    "NODE_ENV=test node --test",
    "NODE_ENV=test ./scripts/test.sh",
    "set -e; node --test; echo done",
    "node --test; exit $?",
    "node --test; code=$?; rm -rf tmp; exit $code",
    'node --test; code=$?; docker compose down; exit "${code}"',
    "node --test || exit 1",
    "node --test || (cat log; exit 1)",
    "npm start & sleep 2; npm run test:e2e",
    "tape test/*.js | tap-spec",
    "mocha -t 5000",
    "jest -t '.*'",
    "python -m unittest discover; pytest",
    "bash -c 'npm ci; npm run unit'",
    "node --test && node -e \"console.log('a'); console.log('b')\"",
    "vitest run -t adds && vitest run -t subtracts",
    "c8 mocha && c8 report",
    "xvfb-run electron-mocha; npm run clean",
    "test -d node_modules || npm ci; node --test",
  ])("%j is honest", (script) => expect(scripted(script)).toBe(""));

  test.each([
    "node --test; node -e 0",
    "node --test || node -e 0",
    'node --test; node -e "process.exitCode = 0"',
    "node --test & wait",
    "node --test &",
    "node --test; exit $((0))",
    "node --test; code=$?; code=0; exit $code",
    "node --test; sh -c 'exit'",
    "node --test; node -e process.exitCode=0",
    "node --test; node -p 1+1",
    "node --test; ls",
    "npm run unit || git status",
    "node -e 0",
    "node --test | tee log",
  ])("%j can't fail", (script) => expect(scripted(script)).toMatch(/can't fail/));

  test.each([
    "node --test --test-name-pattern=adds",
    "node --test --test-name-pattern 'adds'",
    "vitest run -t adds",
    "jest --testNamePattern=adds",
    "mocha --grep adds",
    "mocha -g 'sub'",
    "node --test --test-only",
    "mocha --grep adds --invert",
  ])("%j leaves tests out", (script) => expect(scripted(script)).toMatch(/leaves tests out/));

  test("that names what all tests are called leaves none out", () => {
    const named = { "c.test.js": `describe("sums", () => {\n${SOUND}\n});` };
    const script = JSON.stringify({ scripts: { test: "mocha --grep sums" } });
    expect(problems({ ...named, "package.json": script })).toBe("");
  });

  test("that is no script is none", () => {
    for (const manifest of ["{", "[]", "null", '{"scripts":{"test":1}}'])
      expect(problems({ ...files, "package.json": manifest })).toBe("");
  });
});

test.each([
  ["a.test.js", SOUND, true],
  ["a.js", SOUND, false],
  ["a.test.js", "// test('x')", false],
  ["tests/test_a.py", PYTHON, true],
  ["a_test.go", "func TestAdd(t *testing.T) {}", true],
])("%s with %j has cases: %s", (path, text, expected) => {
  expect(hasCases(path, text)).toBe(expected);
});

test.each([
  ["braces", "{"],
  ["lines", "\n"],
  ["chains", "it."],
  ["blanks", " "],
  ["asserts", "assert"],
  ["quotes", "`\\\\"],
])("a megabyte of %s does not take long to look through", (_name, part) => {
  const content = part.repeat(Math.ceil(1_000_000 / part.length));
  expect(testProblems(new Map([["a.test.js", content]]), null)).toEqual([]);
});
