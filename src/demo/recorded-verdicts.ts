import type { RoleOutputs } from "../core/role-output.ts";

const met: RoleOutputs["qa"]["criteria"] = [
  {
    id: "AC1",
    verdict: "met",
    evidence:
      "src/cli.js: `const lines = [TITLES, ...columns.map(cellsOf)];` prints one line per column, and src/summarize.js: `return header.map((name, column) =>` keeps the order of the file.",
  },
  {
    id: "AC2",
    verdict: "met",
    evidence:
      "src/parse-csv.js: `if (quoted && character === '\"' && text[index + 1] === '\"') {` keeps doubled quotes, and `else if (quoted) field += character;` keeps commas and line breaks.",
  },
  {
    id: "AC4",
    verdict: "met",
    evidence:
      "src/cli.js: `} catch (error) {` takes the failed read before anything is printed; fail() writes one line to standard error and sets the exit code to 1.",
  },
  {
    id: "AC5",
    verdict: "met",
    evidence:
      'test/csv-summary.test.js asserts quoted fields, both kinds of column and `runCli("no-such-file.csv");`; README.md shows `$ node src/cli.js trees.csv` with its output.',
  },
];

/** What QA answered in the demo's first pass. */
export const firstVerdict: RoleOutputs["qa"] = {
  criteria: [
    ...met,
    {
      id: "AC3",
      verdict: "unmet",
      evidence:
        'src/summarize.js: `const numbers = cells.map(Number);` takes all cells. For 10, blank, 20 it gives [10, 0, 20], because Number("") is 0: minimum 0 instead of 10, mean 10 instead of 15.',
    },
  ],
  findings: [
    {
      id: null,
      severity: "blocking",
      component: "src/summarize.js",
      description:
        "Blank cells enter the figures of a column of numbers as 0. The blank cells are counted as missing, but minimum, maximum and mean are computed from all cells.",
      recommendation:
        "Take the numbers from `filled` instead of `cells`, and add a test with blank cells in a column of numbers.",
      evidence: "src/summarize.js: `const numbers = cells.map(Number);`",
      criterion: "AC3",
    },
  ],
  summary:
    "Four of five criteria are met by reading. Blank cells are counted as zero in columns of numbers, which violates AC3 and would give wrong figures for the exports described in the request.",
};

/** What QA answered in the demo's repair cycle. */
export const secondVerdict: RoleOutputs["qa"] = {
  criteria: [
    ...met,
    {
      id: "AC3",
      verdict: "met",
      evidence:
        "src/summarize.js: `const numbers = filled.map(Number);` takes the filled cells only. For 10, blank, 20 it gives [10, 20]: minimum 10, mean 15.",
    },
  ],
  findings: [
    {
      id: "f1",
      severity: "info",
      component: "src/summarize.js",
      description: "Settled: blank cells no longer enter the figures.",
      recommendation: "None.",
      evidence: "src/summarize.js: `const numbers = filled.map(Number);`",
      criterion: "AC3",
    },
  ],
  summary:
    "All five criteria are met by reading. The numbers of a column are taken from its filled cells, and a new test asserts it. No finding is open.",
};
