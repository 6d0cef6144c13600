import type { RoleOutputs } from "../core/role-output.ts";

/** What the Project Manager answered in the demo. */
export const recordedContract: RoleOutputs["project_manager"] = {
  constitution: {
    vision: "Somebody with a CSV export sees at a glance what is in its columns, and can trust the figures.",
    goals: [
      "A summary of every column in one command",
      "Right figures in spite of quoted fields and blank cells",
    ],
    constraints: ["Node.js only, without dependencies", "Tests use node:test"],
    audience: "Developers and analysts who work with CSV exports on the command line",
    output_medium: "Source files of a Node.js command with tests and a README",
    acceptance_criteria: [
      {
        id: "AC1",
        text: "Called with a CSV file, the command prints for each column, in file order, its name and kind; for columns of numbers minimum, maximum and mean, for all others the number of distinct values.",
        level: "must",
      },
      {
        id: "AC2",
        text: "Commas, line breaks and doubled quotes inside a quoted field are read as content of that field.",
        level: "must",
      },
      {
        id: "AC3",
        text: "A blank cell counts as missing and has no influence on the kind, minimum, maximum, mean or distinct values of its column: 10, blank, 20 has minimum 10 and mean 15.",
        level: "must",
      },
      {
        id: "AC4",
        text: "When the file can't be read, the command prints one line on standard error, nothing on standard output, and ends with an exit code other than 0.",
        level: "must",
      },
      {
        id: "AC5",
        text: "Tests with node:test exercise quoted fields, both kinds of column and the file that can't be read, and a README shows one call with its output.",
        level: "must",
      },
    ],
    out_of_scope: ["Other separators than the comma", "Files larger than memory", "Output in other formats"],
  },
  requirements: {
    functional: [
      {
        id: "R1",
        title: "Summary of each column",
        description: "Kind and figures of each column, one line per column.",
        priority: "must",
        source: "prints a summary of each column",
      },
      {
        id: "R2",
        title: "Quoted fields",
        description: "Fields may be quoted as in RFC 4180.",
        priority: "must",
        source: "quoted fields with commas and line breaks in them",
      },
      {
        id: "R3",
        title: "Blank cells",
        description: "Blank cells are counted as missing and left out of every figure.",
        priority: "must",
        source: "blank cells must not spoil the figures",
      },
      {
        id: "R4",
        title: "Unreadable file",
        description: "One line that says what is wrong.",
        priority: "must",
        source: "say so in one line instead of a stack trace",
      },
      {
        id: "R5",
        title: "First row is the header",
        description: "The first row names the columns.",
        priority: "must",
        source: "Assumption: exports have a header row.",
      },
    ],
    non_functional: [
      {
        id: "N1",
        title: "No dependencies",
        description: "Only modules that come with Node.js.",
        priority: "must",
        source: "without any dependencies",
      },
    ],
    dependencies: ["Node.js"],
  },
  plan: {
    milestones: [
      {
        id: "M1",
        title: "Columns are summarised",
        depends_on: [],
        done_when: "The two functions give the right figures for quoted fields and blank cells.",
      },
      {
        id: "M2",
        title: "The command can be used",
        depends_on: ["M1"],
        done_when: "The command prints the table and reports errors, and tests and README exist.",
      },
    ],
  },
  summary:
    "Five must criteria: the summary itself, quoted fields, blank cells, the file that can't be read, tests with a README. The header row is an assumption. Other separators and very large files are out of scope.",
};
