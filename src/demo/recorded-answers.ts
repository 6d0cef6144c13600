import { readFileSync } from "node:fs";

import type { ArtifactKind, WrittenArtifact } from "../core/documents.ts";
import type { RoleName } from "../core/role-name.ts";
import { demoMode, demoModel } from "./demo-request.ts";
import { recordedContract } from "./recorded-contract.ts";
import { recordedPlan, recordedRepairPlan } from "./recorded-plans.ts";
import { firstVerdict, secondVerdict } from "./recorded-verdicts.ts";

/** What the model of one step answered. */
export type RecordedAnswer = {
  readonly role: RoleName;
  /** The step it belongs to; each step of the demo makes one model call. */
  readonly step_id: string;
  readonly answer: object;
};

/** Every model call of the demo in the order of the pipeline; the first two tasks run at the same time. */
export const recordedAnswers: readonly RecordedAnswer[] = [
  {
    role: "director",
    step_id: "director",
    answer: {
      mode: demoMode,
      title: "CSV column summary on the command line",
      goals: [
        "A Node.js command without dependencies that prints a summary of each column of a CSV file",
        "Right figures for exports with quoted commas, quoted line breaks and blank cells",
        "One clear line when the file can't be read",
        "Tests with node:test and a short README",
      ],
      model: demoModel,
      role_models: [],
      finalizer_action: "directory",
      rationale:
        "The request is one small program with its tests; the README only goes with it, so this is software. One model serves all roles. Files on disk are the hand-over with the least effect outside.",
      summary:
        "A small command-line tool that summarises the columns of a CSV file, with tests and a README. Quoted fields and blank cells are what it must get right.",
    },
  },
  { role: "project_manager", step_id: "project_manager", answer: recordedContract },
  { role: "architect", step_id: "architect:0", answer: recordedPlan },
  {
    role: "implementer",
    step_id: "task:csv-parser",
    answer: {
      artifacts: [
        artifact("first", "src/parse-csv.js", "code", "Reads CSV text into its header and its rows."),
      ],
      deleted: [],
      summary:
        "Wrote the parser: quoted fields, doubled quotes, both kinds of line ending and a byte order mark are read, rows of another width and unclosed quotes are refused. Empty lines are skipped.",
    },
  },
  {
    role: "implementer",
    step_id: "task:column-summary",
    answer: {
      artifacts: [
        artifact("first", "src/summarize.js", "code", "Finds the kind and the figures of every column."),
      ],
      deleted: [],
      summary:
        "Wrote the summary of a column: blank cells are counted as missing, a column of numbers gets min, max and mean, any other the number of distinct values.",
    },
  },
  {
    role: "implementer",
    step_id: "task:command-line",
    answer: {
      artifacts: [
        artifact(
          "first",
          "src/cli.js",
          "code",
          "The command: reads the file, prints the table, reports errors.",
        ),
        artifact(
          "first",
          "test/csv-summary.test.js",
          "code",
          "Tests of the parser, the summary and the command.",
        ),
        artifact("first", "package.json", "config", "Names the command and the Node.js that it needs."),
        artifact("first", "README.md", "markdown", "How to use the command and what its figures mean."),
      ],
      deleted: [],
      summary:
        "Wrote the command with its table and its errors, tests through the public functions and the command itself, the package file and the README. Figures are rounded to four decimals. Nothing of it has been run yet.",
    },
  },
  { role: "qa", step_id: "qa:0", answer: firstVerdict },
  { role: "architect", step_id: "architect:1", answer: recordedRepairPlan },
  {
    role: "implementer",
    step_id: "task:blank-cells",
    answer: {
      artifacts: [
        artifact("repaired", "src/summarize.js", "code", "Finds the kind and the figures of every column."),
      ],
      deleted: [],
      summary:
        "The figures of a column are now computed from its filled cells only. One line of src/summarize.js was changed and nothing else; the test of blank cells is as it was.",
    },
  },
  { role: "qa", step_id: "qa:1", answer: secondVerdict },
  {
    role: "finalizer",
    step_id: "finalizer",
    answer: {
      summary:
        "A command-line tool for Node.js that prints a summary of every column of a CSV file, with tests and a README. All seven acceptance criteria are met: six by checks that the engine ran on these files, one by QA's reading. All tests passed in the last run. A first version counted blank cells as zero; its tests showed that, and it was mended. No finding is open.",
      delivery_notes:
        "Begin with README.md. Run `node src/cli.js <file.csv>`; it needs Node.js 20 or later and nothing else. Run the tests with `node --test`.\n\nThe first row is taken as the header, empty lines are skipped, and the whole file is read into memory. Figures are rounded to four decimals. A file that can't be read or is not CSV ends with exit code 1, a wrong call with 2.",
    },
  },
  {
    role: "refiner",
    step_id: "refiner:1",
    answer: {
      suggestions: [
        {
          component_type: "prompt",
          component_name: "implementer",
          problem:
            "f1: task column-summary separated the blank cells from the filled ones and then computed with all of them. AC3 was among its criteria, and one run with a blank cell would have shown it before QA. It cost one repair cycle.",
          proposed_fix:
            "Give the Implementer the tool run_command and ask it to run one awkward input of each criterion before it answers.",
          content: null,
          priority: "medium",
        },
        {
          component_type: "role",
          component_name: "architect",
          problem:
            "Task column-summary was finished before any test of it existed: all tests were a part of task command-line, which came later and could not change src/summarize.js. So its test of blank cells failed first in the engine's validation.",
          proposed_fix:
            "Put the tests of a module into the task that writes the module. One workflow shows it; confirm it on others first.",
          content: null,
          priority: "low",
        },
      ],
      health_score: 82,
      overall_assessment:
        "Completed after one repair cycle that settled every finding with one changed line. The contract was clear, its checks found the defect by running, and the two independent tasks fitted together at once. The cycle was spent on a slip that the criteria already named. This rests on one small workflow.",
    },
  },
];

function artifact(
  revision: "first" | "repaired",
  path: string,
  kind: ArtifactKind,
  description: string,
): WrittenArtifact {
  const content = readFileSync(new URL(`./recording/${revision}/${path}`, import.meta.url), "utf8");
  return { path, kind, description, content };
}
