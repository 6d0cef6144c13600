import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { classifyOutcome } from "./classify-outcome.ts";
import { detectToolchains } from "./detect-toolchains.ts";

const WITHIN_MS = 120_000;

const made: string[] = [];
afterAll(() => made.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

/** Runs the stages that need no network, as a server would: `passed`, or whose fault it is. */
function outcomesOf(files: Record<string, string>): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), "orca-real-"));
  made.push(directory);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  const { toolchains } = detectToolchains(new Map(Object.entries(files)));
  const stages = toolchains.flatMap(({ stages: own }) => own).filter(({ network }) => network.length === 0);
  return Object.fromEntries(
    stages.map((stage) => {
      const ran = spawnSync("bash", ["-c", `exec 2>&1; ${stage.command}`], {
        cwd: directory,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TMPDIR: tmpdir() },
      });
      if (ran.status === 0) return [stage.stage, "passed"];
      return [stage.stage, classifyOutcome(stage, { exit_code: ran.status, output: ran.stdout }).status];
    }),
  );
}

function isHere(program: string, flag: string): boolean {
  return spawnSync(program, [flag], { stdio: "ignore" }).status === 0;
}

/** Where the program is missing, what remains to be checked is that this is never called the tree's fault. */
function expectedWith(program: string, outcomes: Record<string, string>): Record<string, string> {
  if (isHere(program, program === "go" ? "version" : "--version")) return outcomes;
  console.warn(`${program} is not on this machine: only that it is unavailable is checked`);
  return Object.fromEntries(Object.keys(outcomes).map((stage) => [stage, "unavailable"]));
}

test(
  "node without package.json",
  () => {
    const passing = 'import test from "node:test";\ntest("a", () => {});\n';
    const failing = 'import test from "node:test";\ntest("a", () => { throw new Error("no"); });\n';
    expect(outcomesOf({ "a.test.mjs": passing })).toEqual({ test: "passed" });
    expect(outcomesOf({ "a.test.mjs": failing })).toEqual({ test: "failed" });
    expect(outcomesOf({ "-odd name.mjs": passing, "x/it's.mjs": failing })).toEqual({ test: "failed" });
  },
  WITHIN_MS,
);

test(
  "node with scripts, in a directory with a space",
  () => {
    const manifest = (script: string): string =>
      JSON.stringify({ scripts: { build: "node -e 0", test: script, lint: "exit 3" } });
    expect(outcomesOf({ "web app/package.json": manifest("node -e 0") })).toEqual({
      build: "passed",
      test: "passed",
      lint: "failed",
    });
    expect(outcomesOf({ "package.json": manifest("orca-none") })).toMatchObject({ test: "failed" });
    expect(outcomesOf({ "package.json": "{" })).toEqual({ build: "failed" });
  },
  WITHIN_MS,
);

test(
  "python",
  () => {
    const testOf = (line: string): string =>
      `import unittest\nfrom app import two\nclass T(unittest.TestCase):\n    def test_a(self):\n        ${line}\n`;
    const good = {
      "app.py": "def two():\n    return 2\n",
      "tests/test_a.py": testOf("self.assertEqual(two(), 2)"),
    };
    expect(outcomesOf(good)).toEqual(expectedWith("python3", { build: "passed", test: "passed" }));
    expect(outcomesOf({ ...good, "tests/test_a.py": testOf("self.assertEqual(two(), 3)") })).toEqual(
      expectedWith("python3", { build: "passed", test: "failed" }),
    );
    expect(outcomesOf({ "requirements.txt": "", "src/app.py": "def two(:\n" })).toEqual(
      expectedWith("python3", { build: "failed" }),
    );
  },
  WITHIN_MS,
);

test(
  "python packages and a source folder",
  () => {
    const files = {
      "src/app/__init__.py": "TWO = 2\n",
      "tests/__init__.py": "",
      "tests/unit/__init__.py": "",
      "tests/unit/test_a.py":
        "import unittest\nfrom app import TWO\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(TWO, 3)\n",
    };
    expect(outcomesOf(files)).toEqual(expectedWith("python3", { build: "passed", test: "failed" }));
  },
  WITHIN_MS,
);

test(
  "shell",
  () => {
    expect(outcomesOf({ "a.sh": "echo a\n", "b/c d.sh": "if true; then\n  :\nfi\n" })).toEqual({
      build: "passed",
    });
    expect(outcomesOf({ "a.sh": "if true; then\n" })).toEqual({ build: "failed" });
    expect(outcomesOf({ "a.bats": "@test 'a' { false; }\n" })).toEqual(
      expectedWith("bats", { test: "failed" }),
    );
  },
  WITHIN_MS,
);

test(
  "make",
  () => {
    expect(outcomesOf({ Makefile: "build:\n\ttrue\ntest: build\n\tfalse\n" })).toEqual(
      expectedWith("make", { build: "passed", test: "failed" }),
    );
  },
  WITHIN_MS,
);

test(
  "go",
  () => {
    const files = {
      "go.mod": "module a\n\ngo 1.18\n",
      "a.go": "package a\n\nfunc Two() int { return 2 }\n",
      "a_test.go":
        'package a\n\nimport "testing"\n\nfunc TestTwo(t *testing.T) {\n\tif Two() != 3 {\n\t\tt.Fatal("no")\n\t}\n}\n',
    };
    expect(outcomesOf(files)).toEqual(
      expectedWith("go", { build: "passed", test: "failed", lint: "passed" }),
    );
  },
  WITHIN_MS,
);

test(
  "rust",
  () => {
    const files = {
      "Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs":
        "pub fn two() -> i32 {\n    2\n}\n\n#[test]\nfn is_three() {\n    assert_eq!(two(), 3);\n}\n",
    };
    const { build, test: tested } = outcomesOf(files);
    expect({ build, test: tested }).toEqual(expectedWith("cargo", { build: "passed", test: "failed" }));
  },
  WITHIN_MS,
);

test("a program that is not on the PATH is unavailable", () => {
  const found = outcomesOf({
    "orca.toolchain.yaml": "name: none\nbuild: orca-none build\ntest: cd . && false\n",
  });
  expect(found).toEqual({ build: "unavailable", test: "failed" });
});
