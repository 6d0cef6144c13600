import { expect, test } from "vitest";

import { detectToolchains } from "./detect-toolchains.ts";

const detect = (yaml: string) =>
  detectToolchains(
    new Map([
      ["orca.toolchain.yaml", yaml],
      ["go.mod", "module a\n"],
    ]),
  );

test("replaces what would be detected", () => {
  const yaml =
    "name: zig\nprepare: zig fetch\nbuild: zig build\ntest: null\nlint: null\nnetwork: [pypi.org]\n";
  expect(detect(yaml)).toEqual({
    toolchains: [
      {
        name: "zig",
        stages: [
          { stage: "prepare", command: "zig fetch", requires: ["zig"], network: ["pypi.org"], blocks: true },
          { stage: "build", command: "zig build", requires: ["zig"], network: [], blocks: true },
        ],
      },
    ],
    problems: [],
  });
});

test.each([
  ["unknown key", "name: a\nbuild: b\ntets: c\n", 'Unrecognized key: "tets"'],
  ["no command", "name: a\nlint: b\n", "it needs a build or a test command"],
  ["other host", "name: a\nbuild: b\nnetwork: [evil.example]\n", "evil.example is not a package registry"],
  ["bad name", "name: 'a b'\nbuild: b\n", "a name has 1 to 64"],
  ["not YAML", "name: [", "no valid YAML"],
  ["alias", "name: &a x\nbuild: *a\n", "no valid YAML"],
  ["deep", "[".repeat(16_000), "no valid YAML"],
  ["long", "#".repeat(20_000), "longer than"],
  ["empty", "", "expected object"],
])("a broken one is a problem, not a guess: %s", (_, yaml, problem) => {
  const { toolchains, problems } = detect(yaml);
  expect(toolchains).toEqual([]);
  expect(problems).toEqual([expect.stringContaining(problem)]);
});
