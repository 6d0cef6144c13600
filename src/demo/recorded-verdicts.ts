import type { RoleOutputs } from "../core/role-output.ts";

type Verdict = RoleOutputs["qa"]["criteria"][number];

const met: readonly Verdict[] = [
  {
    id: "AC1",
    verdict: "met",
    evidence:
      "Its check prints the mean 19.25 of 21 and 17.5. One line is made for each column, in the order of the header.",
    citations: [
      { path: "src/cli.js", line: 10, quote: "const lines = [TITLES, ...columns.map(cellsOf)];" },
      { path: "src/summarize.js", line: 3, quote: "return header.map((name, column) =>" },
    ],
  },
  {
    id: "AC2",
    verdict: "met",
    evidence:
      "Its check reads a quoted comma, a doubled quote and a quoted line break, and still finds the mean 15.75. Inside quotes every character but the quote is content.",
    citations: [
      {
        path: "src/parse-csv.js",
        line: 32,
        quote: "if (quoted && character === '\"' && text[index + 1] === '\"') {",
      },
      { path: "src/parse-csv.js", line: 36, quote: "else if (quoted) field += character;" },
    ],
  },
  {
    id: "AC4",
    verdict: "met",
    evidence:
      "Its check finds one line on standard error, nothing on standard output and another exit code than 0. The failed read is caught before anything is printed.",
    citations: [{ path: "src/cli.js", line: 38, quote: "fail(`${path}: ${error.message}`, 1);" }],
  },
  {
    id: "AC6",
    verdict: "met",
    evidence:
      "Its check finds both headings, the call and the command for the tests; the output stands below the call.",
    citations: [{ path: "README.md", line: 13, quote: "$ node src/cli.js trees.csv" }],
  },
  {
    id: "AC7",
    verdict: "met",
    evidence:
      "The parser and the summary import nothing, the command imports node:fs and these two, the tests only node: modules and the sources. package.json has no dependencies.",
    citations: [
      { path: "src/cli.js", line: 2, quote: 'import { readFileSync } from "node:fs";' },
      { path: "src/cli.js", line: 4, quote: 'import { parseCsv } from "./parse-csv.js";' },
    ],
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
        'Its check fails: for 10.5, blank, 20 the mean is 10.1667 instead of 15.25, because Number("") is 0 and all cells are taken.',
      citations: [{ path: "src/summarize.js", line: 14, quote: "const numbers = cells.map(Number);" }],
    },
    {
      id: "AC5",
      verdict: "unmet",
      evidence:
        "Its check fails: the test of blank cells finds the minimum 0 instead of 10. The test asserts what AC3 asks for; the code is wrong.",
      citations: [
        {
          path: "test/csv-summary.test.js",
          line: 49,
          quote: 'test("blank cells count as missing and stay out of every figure", () => {',
        },
      ],
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
        "Take the numbers from `filled` instead of `cells`. The test of blank cells is right; leave it.",
      evidence: "The check of AC3 and the test of blank cells both show a 0 that stands in no cell.",
      citations: [{ path: "src/summarize.js", line: 14, quote: "const numbers = cells.map(Number);" }],
      criterion: "AC3",
    },
  ],
  summary:
    "Five of seven criteria are met. Blank cells are counted as zero in columns of numbers: the check of AC3 shows it, and the test of blank cells fails for the same reason. One line is to be changed.",
};

/** What QA answered in the demo's repair cycle. */
export const secondVerdict: RoleOutputs["qa"] = {
  criteria: [
    ...met,
    {
      id: "AC3",
      verdict: "met",
      evidence:
        "Its check prints the mean 15.25 for 10.5, blank, 20. The numbers are taken from the filled cells, and so is the number of distinct values.",
      citations: [{ path: "src/summarize.js", line: 14, quote: "const numbers = filled.map(Number);" }],
    },
    {
      id: "AC5",
      verdict: "met",
      evidence:
        "Its check ran nine tests and none failed. The test of blank cells is the same as before the repair.",
      citations: [
        {
          path: "test/csv-summary.test.js",
          line: 51,
          quote: 'assert.deepEqual(tree, { name: "tree", kind: "text", count: 3, missing: 1, distinct: 2 });',
        },
      ],
    },
  ],
  findings: [
    {
      id: "f1",
      severity: "info",
      component: "src/summarize.js",
      description: "Settled: blank cells no longer enter the figures.",
      recommendation: "None.",
      evidence: "The check of AC3 prints the mean of the two filled cells.",
      citations: [{ path: "src/summarize.js", line: 14, quote: "const numbers = filled.map(Number);" }],
      criterion: "AC3",
    },
  ],
  summary:
    "All seven criteria are met, six of them by checks that were run. The numbers of a column are taken from its filled cells, and the test that failed now passes unchanged. No finding is open.",
};
