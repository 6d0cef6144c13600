import type { CommandCheck } from "../core/check.ts";
import type { RoleOutputs } from "../core/role-output.ts";

function command(line: string, output_contains: string | null): CommandCheck {
  return { kind: "command", command: line, exit_code: 0, output_contains };
}

/** Summarises these lines, which `printf` writes beside the tree: what is checked brings its own input. */
function summaryOf(csv: string): string {
  return `printf '${csv}' > "$TMPDIR/in.csv" && node src/cli.js "$TMPDIR/in.csv"`;
}

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
        text: "`node src/cli.js <file.csv>` prints for each column, in file order, its name and kind; for columns of numbers minimum, maximum and mean, for all others the number of distinct values.",
        level: "must",
        check: command(summaryOf(String.raw`tree,height\nash,21\noak,17.5\n`), "19.25"),
      },
      {
        id: "AC2",
        text: "Commas, line breaks and doubled quotes inside a quoted field are read as content of that field.",
        level: "must",
        check: command(summaryOf(String.raw`tree,height\n"Ash, ""tall""",11\n"Oak\nold",20.5\n`), "15.75"),
      },
      {
        id: "AC3",
        text: "A blank cell counts as missing and has no influence on the kind, minimum, maximum, mean or distinct values of its column: 10.5, blank, 20 has minimum 10.5 and mean 15.25.",
        level: "must",
        check: command(summaryOf(String.raw`tree,height\nash,10.5\nelm,\noak,20\n`), "15.25"),
      },
      {
        id: "AC4",
        text: "When the file can't be read, the command prints one line on standard error, nothing on standard output, and ends with an exit code other than 0.",
        level: "must",
        check: command(
          '! node src/cli.js "$TMPDIR/missing.csv" > "$TMPDIR/out" 2> "$TMPDIR/told" && test ! -s "$TMPDIR/out" && test "$(wc -l < "$TMPDIR/told")" -eq 1',
          null,
        ),
      },
      {
        id: "AC5",
        text: "test/csv-summary.test.js exercises with node:test quoted fields, both kinds of column, blank cells (in a test of that name) and the file that can't be read, and all its tests pass.",
        level: "must",
        check: command("node --test test/csv-summary.test.js", "blank cells"),
      },
      {
        id: "AC6",
        text: "A short README.md shows one call of `node src/cli.js` with its output under the heading Usage, and says under Tests how they are run.",
        level: "must",
        check: {
          kind: "file",
          path: "README.md",
          contains: ["$ node src/cli.js", "node --test"],
          headings: ["Usage", "Tests"],
          min_words: null,
          max_words: 300,
          columns: [],
          min_rows: null,
          sql: null,
          json_schema: null,
        },
      },
      {
        id: "AC7",
        text: "The tool has no dependencies: its modules import only one another and modules that come with Node.js.",
        level: "must",
        check: {
          kind: "rubric",
          question:
            "Does every import name a file of the tree or begin with node:, and does package.json name no dependency?",
        },
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
        done_when: "The command prints the table and reports errors, the tests pass, and a README exists.",
      },
    ],
  },
  summary:
    "Seven must criteria: the summary itself, quoted fields, blank cells, the file that can't be read, tests, a README, no dependencies. Six are decided by what is run or found in the files, the last by reading. The header row is an assumption; other separators and very large files are out of scope.",
};
