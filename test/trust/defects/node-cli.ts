import { command, file, must, rubric } from "../plain-answers.ts";
import type { Defect, JobMaker } from "./job.ts";

const NAMES = ["tally", "ledger", "purse", "till"] as const;

/** A command-line program in Node with tests of its own, as a person would want it. */
export const nodeCli: JobMaker = (chance) => {
  const name = chance.pick(NAMES);
  const first = chance.between(11, 40);
  const second = chance.between(41, 90);
  const other = chance.between(3, 9);
  const sample = `zoe ${first}\nadam ${other}\n\nzoe ${second}\n`;
  return {
    kind: "node",
    mode: "software",
    title: `A program ${name} that adds up amounts by name`,
    criteria: [
      must("AC1", "Its tests pass.", command("node --test")),
      must("AC2", "It adds up by name.", command("node cli.js sample.txt", `zoe ${first + second}`)),
      must("AC3", "Without a file it says how it is called.", command("node cli.js", `usage: ${name}`, 2)),
      must("AC4", "An empty file has the total 0.", command("node cli.js /dev/null", "total 0")),
      must("AC5", "A line that is no amount is named.", command("node cli.js broken.txt", "line 2", 1)),
      must("AC6", "README.md tells how it is used.", file("README.md", { headings: ["Usage"] })),
      must("AC7", "README.md says what a line looks like.", rubric("Where does it say so?")),
    ],
    tasks: {
      program: { "package.json": manifest(name), "src/amounts.js": AMOUNTS, "cli.js": cli(name) },
      tests: { "test/amounts.test.js": TESTS },
      documents: {
        "README.md": readme(name),
        "sample.txt": sample,
        "broken.txt": "zoe 1\nadam many\n",
      },
    },
    tries: { program: "node cli.js /dev/null", tests: "node --test", documents: "node cli.js sample.txt" },
    seen: { AC7: { path: "README.md", quote: "a name and an amount" } },
    defects: DEFECTS,
  };
};

const DEFECTS: readonly Defect[] = [
  {
    name: "off by one: the first amount is left out of the total",
    plant: [{ path: "src/amounts.js", from: "rows.reduce(", to: "rows.slice(1).reduce(" }],
    caughtBy: ["AC1", "node: test"],
  },
  {
    name: "the two columns are swapped",
    plant: [
      {
        path: "src/amounts.js",
        from: "name: found[1], amount: Number(found[2])",
        to: "name: found[2], amount: Number(found[1])",
      },
    ],
    caughtBy: ["AC1", "AC2", "node: test"],
  },
  {
    name: "an empty line is not thought of",
    plant: [{ path: "src/amounts.js", from: 'if (line.trim() === "") continue;', to: "" }],
    caughtBy: ["AC1", "AC2", "AC4", "node: test"],
  },
  {
    name: "it crashes on empty input",
    plant: [
      {
        path: "src/amounts.js",
        from: "rows.reduce((sum, { amount }) => sum + amount, 0)",
        to: "rows.map(({ amount }) => amount).reduce((sum, amount) => sum + amount)",
      },
    ],
    caughtBy: ["AC4"],
  },
  {
    name: "the exit code is wrong",
    plant: [{ path: "cli.js", from: "process.exitCode = 2", to: "process.exitCode = 1" }],
    caughtBy: ["AC3"],
  },
  {
    name: "a wrong line ends well",
    plant: [{ path: "cli.js", from: "process.exitCode = 1", to: "process.exitCode = 0" }],
    caughtBy: ["AC5"],
  },
  {
    name: "lines are counted from 0",
    plant: [{ path: "src/amounts.js", from: "line ${index + 1} is", to: "line ${index} is" }],
    caughtBy: ["AC1", "AC5", "node: test"],
  },
  {
    name: "a file is missing",
    plant: [{ path: "sample.txt", content: null }],
    caughtBy: ["AC2"],
  },
  {
    name: "the names come in the wrong order",
    plant: [{ path: "src/amounts.js", from: "a < b ? -1 : 1", to: "a < b ? 1 : -1" }],
    caughtBy: ["AC1", "node: test"],
  },
  {
    name: "a negative amount is refused",
    plant: [{ path: "src/amounts.js", from: "(-?\\d+)", to: "(\\d+)" }],
    caughtBy: ["AC1", "node: test"],
  },
  {
    name: "it does not parse",
    plant: [{ path: "cli.js", from: "const [path] =", to: "const [path =" }],
    caughtBy: ["AC2", "AC3", "AC4", "AC5"],
  },
  {
    name: "the heading is another",
    plant: [{ path: "README.md", from: "## Usage", to: "## Remarks" }],
    caughtBy: ["AC6"],
  },
  {
    name: "a test expects what is wrong",
    plant: [{ path: "test/amounts.test.js", from: "all: 12", to: "all: 13" }],
    caughtBy: ["AC1", "node: test"],
  },
];

const AMOUNTS = `/** Reads lines of a name and an amount. */
export function readAmounts(text) {
  const rows = [];
  for (const [index, line] of text.split("\\n").entries()) {
    if (line.trim() === "") continue;
    const found = /^(\\S+)\\s+(-?\\d+)$/.exec(line.trim());
    if (!found) throw new SyntaxError(\`line \${index + 1} is no name and amount: \${line}\`);
    rows.push({ name: found[1], amount: Number(found[2]) });
  }
  return rows;
}

export function addUp(rows) {
  const totals = new Map();
  for (const { name, amount } of rows) totals.set(name, (totals.get(name) ?? 0) + amount);
  const all = rows.reduce((sum, { amount }) => sum + amount, 0);
  return { totals: [...totals].sort(([a], [b]) => (a < b ? -1 : 1)), all };
}
`;

const TESTS = `import assert from "node:assert/strict";
import test from "node:test";

import { addUp, readAmounts } from "../src/amounts.js";

test("amounts are added up by name, in the order of the names", () => {
  const rows = readAmounts("b 7\\na 2\\n\\nb 3\\n");
  assert.deepEqual(addUp(rows), { totals: [["a", 2], ["b", 10]], all: 12 });
});

test("amounts may be negative", () => {
  assert.deepEqual(readAmounts("a -5"), [{ name: "a", amount: -5 }]);
});

test("what is no amount is named with its line", () => {
  assert.throws(() => readAmounts("a 1\\nb x"), /line 2 is/);
});
`;

function manifest(name: string): string {
  const fields = { name, version: "1.0.0", type: "module", bin: "cli.js", scripts: { test: "node --test" } };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

function cli(name: string): string {
  return `#!/usr/bin/env node
import { readFileSync } from "node:fs";

import { addUp, readAmounts } from "./src/amounts.js";

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: ${name} <file>");
  process.exitCode = 2;
} else {
  try {
    const { totals, all } = addUp(readAmounts(readFileSync(path, "utf8")));
    for (const [owner, total] of totals) console.log(owner, total);
    console.log("total", all);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
`;
}

function readme(name: string): string {
  return `# ${name}

Adds up amounts by name.

## Usage

Call \`${name} sample.txt\`. Every line of the file has a name and an amount, with a space between them.
`;
}
