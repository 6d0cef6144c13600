import type { RoleOutputs } from "../core/role-output.ts";

const design: RoleOutputs["architect"]["design"] = {
  overview:
    "Two pure functions and a thin command around them: parseCsv turns text into a header and rows, summarize turns these into one record per column, the command reads the file, prints the records as a table and turns errors into one line.",
  components: [
    {
      name: "src/parse-csv.js",
      description:
        "parseCsv(text) returns { header: string[], rows: string[][] }; throws an Error on an unclosed quote, a row of another width or a missing header.",
      inputs: ["CSV text"],
      outputs: ["header and rows"],
    },
    {
      name: "src/summarize.js",
      description:
        'summarize({ header, rows }) returns one record per column: { name, kind: "number", count, missing, min, max, mean } or { name, kind: "text", count, missing, distinct }. count is the number of filled cells, missing that of blank ones.',
      inputs: ["header and rows"],
      outputs: ["column records"],
    },
    {
      name: "src/cli.js",
      description:
        "Table on standard output; errors as one line on standard error, exit code 1, or 2 when it is called wrongly.",
      inputs: ["path of a file"],
      outputs: ["table"],
    },
  ],
  decisions: [
    {
      decision: "A column is of numbers when every filled cell is a finite number.",
      rationale: "It needs no options and can be explained in one sentence.",
      tradeoffs: "A single stray word turns a column of numbers into text.",
    },
  ],
  diagrams: [],
  tech_stack: ["Node.js 20 or later", "node:test"],
  delivery_target: "A directory with the sources, the tests and the README",
};

/** What the Architect answered in the demo's first pass. */
export const recordedPlan: RoleOutputs["architect"] = {
  design,
  tasks: [
    {
      key: "csv-parser",
      title: "Read CSV text",
      description:
        "Write src/parse-csv.js, an ES module that exports parseCsv(text) as the design says. Read RFC 4180: quoted fields with commas, line breaks and doubled quotes, LF and CRLF, an optional byte order mark. Skip empty lines. Throw an Error with a clear message on an unclosed quote, on a row whose width differs from the header's (name the row's number), and when there is no header. No dependencies.",
      depends_on: [],
      criteria: ["AC2"],
    },
    {
      key: "column-summary",
      title: "Summarise columns",
      description:
        "Write src/summarize.js, an ES module that exports summarize({ header, rows }) as the design says, pure and without dependencies. A cell that is empty or only white space is blank: it counts as missing and enters nothing else. A column is of numbers when it has a filled cell and all filled cells are finite numbers. It must work for hundreds of thousands of rows, so do not spread the values into arguments.",
      depends_on: [],
      criteria: ["AC1", "AC3"],
    },
    {
      key: "command-line",
      title: "Command, tests and README",
      description:
        "Write src/cli.js (reads the file named by its only argument, prints one line of titles and one line per column with aligned cells, a dash where a figure does not apply; errors as the design says), test/csv-summary.test.js (node:test: quoted fields, refusals of the parser, a column of numbers, a column of text, the command's output, an unreadable file, a missing argument), package.json (type module, bin csv-summary, test script) and README.md (one call with its output, what the figures mean, exit codes).",
      depends_on: ["csv-parser", "column-summary"],
      criteria: ["AC1", "AC4", "AC5"],
    },
  ],
  summary:
    "Parser and summary are independent and agree through the design; the command with tests and README reads both. Three tasks, the first two at the same time.",
};

/** What the Architect answered in the demo's repair cycle. */
export const recordedRepairPlan: RoleOutputs["architect"] = {
  design,
  tasks: [
    {
      key: "blank-cells",
      title: "Keep blank cells out of the figures",
      description:
        "Settles f1. In src/summarize.js the numbers are taken from all cells, so that a blank cell becomes 0; take them from the filled cells, which the function already has. Add a test to test/csv-summary.test.js with blank cells in a column of numbers and in a column of text: 10, blank, blank, 20 has count 2, missing 2, min 10, max 20, mean 15. Return both files in full and change nothing else.",
      depends_on: ["column-summary", "command-line"],
      criteria: ["AC3", "AC5"],
    },
  ],
  summary:
    "One task settles f1 at its cause, the source of the numbers, and adds the test that would have shown it. The design stands as it was.",
};
