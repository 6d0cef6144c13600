import { defineConfig } from "oxlint";

import { layerRules } from "./scripts/layers.ts";

const testFiles = ["test/**", "src/**/*.test.ts", "src/**/*.testsuite.ts"];
const viaEgress = "requests leave through src/egress, which decides what may be reached";
const globalFetch = { object: "globalThis", property: "fetch", message: viaEgress };

/** The core decides and nothing else: whatever it would have to ask the world for comes in with the command. */
const notInCore = {
  "has no clock": ["Date", "performance"],
  "does not wait": ["setTimeout", "setInterval", "setImmediate"],
  "draws no ids": ["crypto"],
  "does no I/O": ["process", "console", "fetch"],
};

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "promise", "node", "oxc", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true, reportUnusedDisableDirectives: "error" },
  env: { builtin: true, node: true },
  ignorePatterns: ["dist", "coverage", "var", "src/demo/recording"],
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/no-explicit-any": "error",
    "typescript/only-throw-error": "error",
    "typescript/consistent-type-imports": "error",
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "unicorn/prefer-node-protocol": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],
    "node/no-process-env": "error",
    "no-empty": "error",
    "prefer-const": "error",
    eqeqeq: ["error", "always", { null: "ignore" }],
    "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
    "max-lines-per-function": ["error", { max: 60, skipBlankLines: false, skipComments: false }],
    "max-params": ["error", { max: 4 }],
    "no-restricted-globals": ["error", { name: "fetch", message: viaEgress }],
    "no-restricted-properties": ["error", globalFetch],

    // Of the category "suspicious", these find more honest code than mistakes.
    "typescript/no-unsafe-type-assertion": "off", // rows and parsed JSON are asserted at the border on purpose
    "typescript/consistent-return": "off", // the compiler's noImplicitReturns says it better
    "import/no-named-as-default-member": "off", // `pg.Client` is how a CommonJS package is used
    "unicorn/consistent-function-scoping": "off", // a helper may live where it is used
    "unicorn/no-thenable": "off", // `then` is an ordinary key in our data
  },
  overrides: [
    {
      files: ["src/core/**"],
      rules: {
        "no-restricted-globals": [
          "error",
          ...Object.entries(notInCore).flatMap(([why, names]) =>
            names.map((name) => ({ name, message: `the core ${why}` })),
          ),
        ],
        "no-restricted-properties": [
          "error",
          globalFetch,
          { object: "Math", property: "random", message: "the core draws no lots" },
        ],
      },
    },
    ...layerRules(),
    {
      files: ["src/egress/**"],
      rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
    },
    { files: ["src/config/**", "src/cli/**"], rules: { "node/no-process-env": "off" } },
    {
      files: [...testFiles, "bench/**", "scripts/**"],
      rules: {
        "node/no-process-env": "off",
        "no-restricted-globals": "off",
        "no-restricted-imports": "off",
        "no-restricted-properties": "off",
      },
    },
    {
      files: testFiles,
      rules: {
        "max-lines": ["error", { max: 600, skipBlankLines: false, skipComments: false }],
        "max-lines-per-function": "off",
        "max-params": "off",
      },
    },
    { files: ["*.config.ts", "test/**/global-setup.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
