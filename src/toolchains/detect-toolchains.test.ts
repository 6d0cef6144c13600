import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { detectToolchains } from "./detect-toolchains.ts";

function detect(files: Record<string, string>): Record<string, Record<string, string>> {
  const { toolchains, problems } = detectToolchains(new Map(Object.entries(files)));
  expect(problems).toEqual([]);
  return Object.fromEntries(
    toolchains.map(({ name, stages }) => [
      name,
      Object.fromEntries(stages.map(({ stage, command }) => [stage, command])),
    ]),
  );
}

function stagesOf(files: Record<string, string>) {
  return detectToolchains(new Map(Object.entries(files))).toolchains.flatMap(({ stages }) => stages);
}

const manifest = (fields: object): string => JSON.stringify({ name: "a", ...fields });

describe("node", () => {
  test("scripts, dependencies and the lock file decide", () => {
    const files = {
      "package.json": manifest({
        scripts: { build: "vite build", test: "vitest", lint: "eslint ." },
        dependencies: { vite: "1" },
      }),
      "package-lock.json": "{}",
    };
    expect(detect(files)).toEqual({
      node: {
        prepare: "CI=1 npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error",
        build: "CI=1 npm run build --silent",
        test: "CI=1 npm test --silent",
        lint: "CI=1 npm run lint --silent",
      },
    });
    const [prepare, build, , lint] = stagesOf(files);
    expect(prepare).toMatchObject({
      network: ["registry.npmjs.org"],
      requires: ["node", "npm"],
      blocks: true,
    });
    expect(build).toMatchObject({ network: [], blocks: true });
    expect(lint?.blocks).toBe(false);
  });

  test("npm's default test script is no test, and without dependencies nothing is installed", () => {
    const none = 'echo "Error: no test specified" && exit 1';
    expect(detect({ "package.json": manifest({ scripts: { test: none } }) })).toEqual({});
  });

  test("the compiler runs only where it is a dependency, and not twice", () => {
    const typescript = { devDependencies: { typescript: "5" } };
    const tsconfig = { "tsconfig.json": "{}" };
    const compiled = detect({ ...tsconfig, "package.json": manifest(typescript) });
    expect(compiled["node"]?.["build"]).toBe("CI=1 npm exec --no -- tsc --noEmit");
    expect(detect({ ...tsconfig, "package.json": manifest({}) })).toEqual({});
    const built = { ...typescript, scripts: { build: "tsc -p ." } };
    expect(stagesOf({ ...tsconfig, "package.json": manifest(built) }).map(({ stage }) => stage)).toEqual([
      "prepare",
      "build",
    ]);
  });

  test.each([
    ["pnpm-lock.yaml", "", "pnpm install --frozen-lockfile", "registry.npmjs.org"],
    ["yarn.lock", "# yarn lockfile v1\n", "yarn install --frozen-lockfile", "registry.yarnpkg.com"],
    ["yarn.lock", "__metadata:\n  version: 8\n", "yarn install --immutable", "registry.yarnpkg.com"],
    ["other", "", "npm install --no-package-lock --ignore-scripts", "registry.npmjs.org"],
  ])("%s chooses its package manager", (lock, content, command, host) => {
    const [prepare] = stagesOf({ "package.json": manifest({ dependencies: { a: "1" } }), [lock]: content });
    expect(prepare?.command).toContain(command);
    expect(prepare?.network).toContain(host);
  });

  test("tests for Node's runner need no package.json", () => {
    expect(detect({ "a.mjs": "", "a.test.mjs": 'import test from "node:test";' })).toEqual({
      node: { test: "node --test" },
    });
    expect(detect({ "checks.mjs": 'import { test } from "node:test";' })).toEqual({
      node: { test: "node --test checks.mjs" },
    });
  });

  test("tests for another runner are not given to Node", () => {
    expect(detect({ "a.test.ts": 'import { test } from "vitest";' })).toEqual({});
    expect(detect({ "a.test.js": 'describe("a", () => {});' })).toEqual({});
    const mixed = { "a.test.js": 'require("node:test")', "b.test.js": 'test("b", () => {});' };
    expect(detect(mixed)).toEqual({ node: { test: "node --test a.test.js" } });
  });

  test("a package.json that can't be parsed is shown by npm itself", () => {
    expect(detect({ "package.json": "{" })).toEqual({ node: { build: "npm pkg get name" } });
  });
});

describe("python", () => {
  test("unittest is run from where it finds the tests", () => {
    const unittest = "import unittest\n";
    const { python } = detect({
      "requirements.txt": "# none\n",
      "tests/test_a.py": unittest,
      "pack/__init__.py": "",
      "pack/tests/__init__.py": "",
      "pack/tests/test_b.py": unittest,
    });
    expect(python?.["prepare"]).toBeUndefined();
    expect(python?.["build"]).toContain("python3 -m compileall -q");
    expect(python?.["test"]).toMatch(
      /python3 -m unittest discover && .*python3 -m unittest discover -s tests$/,
    );
  });

  test.each([
    [
      "named in the project",
      { "pyproject.toml": '[project.optional-dependencies]\ndev = ["pytest"]\n' },
      "class A: pass",
    ],
    ["imported", { "setup.py": "" }, "import pytest"],
    ["meant by bare functions", { "setup.cfg": "" }, "def test_a():\n    assert True\n"],
  ])("pytest when it is %s", (_, files, text) => {
    const { python } = detect({ ...files, "tests/test_a.py": text });
    expect(python?.["test"]).toContain(".venv/bin/python -m pytest");
    expect(python?.["prepare"]).toMatch(/pip install .* pytest$/);
  });

  test("dependencies are installed from PyPI alone", () => {
    const declared = '[project]\ndependencies = [\n  "requests",\n]\n';
    expect(detect({ "pyproject.toml": declared })["python"]?.["prepare"]).toMatch(/ \.$/);
    expect(
      detect({ "pyproject.toml": "[project]\ndependencies = []\n", "a.py": "" })["python"],
    ).not.toHaveProperty("prepare");
    const [prepare] = stagesOf({ "requirements.txt": "requests\n" });
    expect(prepare).toMatchObject({ network: ["pypi.org", "files.pythonhosted.org"], requires: ["python3"] });
  });
});

test("go", () => {
  const files = { "go.mod": "module a\n\ngo 1.21\n", "a.go": "", "a_test.go": "" };
  expect(detect(files)).toEqual({
    go: {
      build: expect.stringMatching(
        /^GOTOOLCHAIN=local .* GOMODCACHE="\$PWD"\/\.cache\/go-mod .*go build \.\/\.\.\.$/,
      ),
      test: expect.stringMatching(/go test \.\/\.\.\.$/),
      lint: expect.stringMatching(/go vet \.\/\.\.\.$/),
    },
  });
  const [prepare] = stagesOf({ "go.mod": "module a\nrequire b v1\n", "go.sum": "" });
  expect(prepare).toMatchObject({
    command: expect.stringMatching(/ go mod download$/),
    network: expect.arrayContaining(["proxy.golang.org"]),
  });
});

test("rust", () => {
  const files = {
    "Cargo.toml": '[package]\n[dependencies]\nserde = "1"\n',
    "src/lib.rs": "#[test]\nfn a() {}\n",
  };
  expect(Object.keys(detect(files)["rust"] ?? {})).toEqual(["prepare", "build", "test", "lint"]);
  expect(stagesOf({ "Cargo.toml": "[package]\n" }).map(({ stage }) => stage)).toEqual(["build", "lint"]);
});

test("java", () => {
  const maven = stagesOf({ "pom.xml": "<project/>", "src/test/java/ATest.java": "" });
  expect(maven.map(({ stage, requires }) => [stage, requires])).toEqual([
    ["build", ["java", "mvn"]],
    ["test", ["java", "mvn"]],
  ]);
  expect(detect({ "build.gradle.kts": "" })["java"]?.["build"]).toMatch(/^gradle .*testClasses$/);
});

describe("shell", () => {
  test("every script for bash is parsed", () => {
    const files = {
      "run.sh": "true",
      "bin/it's.sh": "#!/bin/sh\n",
      "z.sh": "#!/usr/bin/env fish\n",
      "t/a.bats": "",
    };
    expect(detect(files)).toEqual({
      shell: { build: String.raw`bash -n 'bin/it'\''s.sh' && bash -n run.sh`, test: "bats t/a.bats" },
    });
  });
});

describe("make", () => {
  const makefile = { Makefile: "CC := gcc\nbuild: a.o\n\tcc a.o\ntest check:\n\ttrue\n" };

  test("its targets count when nothing else builds", () => {
    expect(detect({ ...makefile, "a.c": "", "x.sh": "" })).toEqual({
      make: { build: "make -s build", test: "make -s test" },
      shell: { build: "bash -n x.sh" },
    });
    expect(detect({ ...makefile, "go.mod": "module a\n" })).not.toHaveProperty("make");
    expect(detect({ ...makefile, "package.json": "{}" })).toHaveProperty("make");
  });

  test("a variable is no target", () => {
    expect(detect({ Makefile: "test := 1\nbuild ::= 2\n" })).toEqual({});
  });
});

describe("sub-directories", () => {
  test("are entered when the root has no such project", () => {
    const go = "module a\n";
    const found = detect({
      "go.mod": go,
      "tools/go.mod": go,
      "my app/web/package.json": manifest({ scripts: { test: "x" } }),
    });
    expect(Object.keys(found)).toEqual(["node in my app/web", "go"]);
    expect(found["node in my app/web"]?.["test"]).toBe("cd 'my app/web' && CI=1 npm test --silent");
  });

  test("of an outer project, of dependencies and deeper ones are not", () => {
    const tested = manifest({ scripts: { test: "x" } });
    const found = detect({
      "a/package.json": tested,
      "a/b/package.json": tested,
      "c/d/e/package.json": tested,
      "node_modules/f/package.json": tested,
    });
    expect(Object.keys(found)).toEqual(["node in a"]);
  });

  test("of more projects than are run are a problem", () => {
    const files = Array.from({ length: 9 }, (_, index) => [`p${index}/go.mod`, "module a\n"] as const);
    const { toolchains, problems } = detectToolchains(new Map(files));
    expect(toolchains).toHaveLength(8);
    expect(problems).toEqual([expect.stringContaining("There are 9 go projects")]);
  });
});

test("a tree of documents has no toolchain, whatever the words in it", () => {
  expect(detect({ "README.md": "Run `cargo build`, `npm test` and `go test`.", "data.csv": "a\n" })).toEqual(
    {},
  );
});

test("property: what is found depends on the files alone, never on their order", () => {
  const name = fc.constantFrom(
    "package.json",
    "go.mod",
    "Makefile",
    "a/pyproject.toml",
    "b/c/Cargo.toml",
    "x.sh",
    "t/test_a.py",
    "a.test.js",
  );
  const content = fc.constantFrom(
    "",
    "{}",
    "build:\n\ttrue\n",
    "import unittest",
    '{"scripts":{"test":"a"}}',
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, content), { selector: ([path]) => path }), (files) => {
      expect(detectToolchains(new Map(files.toReversed()))).toEqual(detectToolchains(new Map(files)));
    }),
    { numRuns: 300 },
  );
});

test("long hostile files are read in linear time", () => {
  const files = {
    Makefile: `a${" ".repeat(1_000_000)}`,
    "a.test.js": "\n".repeat(1_000_000),
    "tests/test_a.py": "\n".repeat(1_000_000),
    "Cargo.toml": "\n".repeat(1_000_000),
    "go.mod": " \n".repeat(500_000),
    "pyproject.toml": "[".repeat(1_000_000),
    "x.sh": `#!${" ba".repeat(300_000)}`,
  };
  for (const file of Object.entries(files)) {
    const before = performance.now();
    detectToolchains(new Map([file]));
    expect(performance.now() - before).toBeLessThan(2_000);
  }
});
