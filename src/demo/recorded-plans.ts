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
      criteria: ["AC2", "AC7"],
      writes: ["src/parse-csv.js"],
    },
    {
      key: "column-summary",
      title: "Summarise columns",
      description:
        "Write src/summarize.js, an ES module that exports summarize({ header, rows }) as the design says, pure and without dependencies. A cell that is empty or only white space is blank: it counts as missing and enters nothing else. A column is of numbers when it has a filled cell and all filled cells are finite numbers. It must work for hundreds of thousands of rows, so do not spread the values into arguments.",
      depends_on: [],
      criteria: ["AC1", "AC3", "AC7"],
      writes: ["src/summarize.js"],
    },
    {
      key: "command-line",
      title: "Command, tests and README",
      description:
        "Write src/cli.js (reads the file named by its only argument, prints one line of titles and one line per column with aligned cells, a dash where a figure does not apply; errors as the design says), test/csv-summary.test.js (node:test: quoted fields, refusals of the parser, a column of numbers, a column of text, blank cells in both kinds of column under that name, the command's output, an unreadable file, a missing argument), package.json (type module, bin csv-summary) and README.md (headings Usage, Figures and Tests: one call with its output, what the figures mean, exit codes, how the tests are run).",
      depends_on: ["csv-parser", "column-summary"],
      criteria: ["AC1", "AC3", "AC4", "AC5", "AC6", "AC7"],
      writes: ["src/cli.js", "test/csv-summary.test.js", "package.json", "README.md"],
    },
  ],
  summary:
    "Parser and summary are independent, write different files and agree through the design; the command with tests and README reads both. Three tasks, the first two at the same time.",
};

/** What the Architect answered in the demo's repair cycle. */
export const recordedRepairPlan: RoleOutputs["architect"] = {
  design,
  tasks: [
    {
      key: "blank-cells",
      title: "Keep blank cells out of the figures",
      description:
        "Settles every open finding; they have one cause. In src/summarize.js the numbers are taken from all cells, so that a blank cell becomes 0: 10.5, blank, 20 has the mean 10.1667 instead of 15.25. Take the numbers from the filled cells, which the function already has. The test of blank cells is right and stays as it is. Change nothing else.",
      depends_on: ["column-summary"],
      criteria: ["AC3", "AC5"],
      writes: ["src/summarize.js"],
    },
  ],
  summary:
    "The check of AC3, the failing test and QA's finding show one mistake: the numbers of a column are taken from its blank cells too. One task changes that line. The design stands as it was.",
};
