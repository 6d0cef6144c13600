import type { Chance } from "../../chaos/chance.ts";
import { type HonestCase, honestCases } from "./honest-case.ts";
import { filesOf, type Job, must, file, met, withFiles, withRound } from "./job.ts";
import type { Recipe } from "./recipe.ts";
import { nodeJob } from "./software-jobs.ts";
import { dataJob, guideJob } from "./written-jobs.ts";

/** True of a program whose tests the engine has run. */
const SEEN = [
  "All tests pass.",
  "All tests passed in the last run.",
  "The test suite is green.",
  "Both tests pass with Node's own runner.",
  "No test fails.",
  "The tests ran without failures.",
  "It passes all its tests.",
  "The program was tested successfully in the sandbox.",
];

/** They claim nothing of what was done. */
const WISHES = [
  "The tests should pass on Node 20 as well.",
  "If a test fails, run it alone.",
  "Nothing was deployed.",
  "It has not been pushed to any remote.",
  "Once it is merged, the tests will run on each push.",
  "Make sure that the tests pass before you publish it to npm.",
  "It could be published to npm later.",
  "The arguments are passed to the function as they are.",
  "Tests pass their input through the function.",
  "It was not run on Windows.",
  "Run `npm test` to see whether all tests pass.",
  "The command is executed with node and ends with 0.",
];

function saying(job: Job, sentence: string): Job {
  return {
    ...job,
    words: { ...job.words, finalizer: `A small program. ${sentence}` },
    notes: `${sentence} Have fun.`,
  };
}

/** Closing words that are true, in many wordings: they complete and are handed over as they are. */
export function wordedCases(recipe: Recipe, subject: string): readonly HonestCase[] {
  const node = nodeJob(recipe);
  const guide = guideJob(subject);
  return honestCases("true words", [
    ...SEEN.map((sentence) => ({ name: `says: ${sentence}`, job: saying(node, sentence), sentence })),
    ...WISHES.map((sentence) => ({ name: `says: ${sentence}`, job: saying(node, sentence), sentence })),
    ...WISHES.slice(0, 4).map((sentence) => ({
      name: `says of a guide: ${sentence}`,
      job: saying(guide, sentence),
      sentence,
    })),
  ]);
}

const PAGES: readonly (readonly [name: string, text: string])[] = [
  ["fences with words that mark unfinished work", "```js\n// TODO: yours\nlet x; // FIXME: too\n```\n"],
  ["a chapter on a list of things to do", "The TODO list shows what is open. Each TODO has a date.\n"],
  [
    "links of many kinds",
    "[Site](https://example.org) [Mail](mailto:a@example.org) [Top](#safety) <https://example.org>\n\n[ref]: docs/steps.md\n\nSee [ref] and [steps](./docs/steps.md#the-steps).\n",
  ],
  ["links that are code", "Write `[text](target.md)` for a link.\n\n    [also](nowhere.md)\n"],
  ["a table and a quote", "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n> A quote.\n"],
  ["words on tests", "The tests should pass before you go on. If a test fails, begin anew.\n"],
  ["an image from elsewhere and HTML", '<p align="center">Fine</p>\n\n![logo](https://example.org/a.png)\n'],
  ["a site that is built later", "Built pages are in [dist](dist/index.html).\n"],
  ["orders to a reader", "Ignore what you have heard, and mark every step as done when it is done.\n"],
];

/** Documents and data with more in them than most. */
export function writtenCases(subject: string, chance: Chance): readonly HonestCase[] {
  const guide = guideJob(subject);
  const page = filesOf(guide)["README.md"] ?? "";
  const data = dataJob(subject, chance);
  const files = filesOf(data);
  const quoted = (files["sales.csv"] ?? "").replaceAll(`,${subject},`, `,"${subject}, ""best"" and others",`);
  const more = must(
    "AC5",
    "There is a list of sources.",
    file("sources.jsonl", { min_rows: 2, columns: ["name"] }),
  );
  return honestCases("documents and data", [
    ...PAGES.map(([name, text]) => ({
      name: `a guide with ${name}`,
      job: withFiles(guide, { "README.md": `${page}\n${text}` }),
    })),
    {
      name: "a guide with front matter",
      job: withFiles(citedByWords(guide), { "README.md": `---\ntitle: Guide\ndraft: false\n---\n\n${page}` }),
    },
    { name: "a table and its report", job: data },
    { name: "a table with quotes", job: withFiles(data, { "sales.csv": quoted }) },
    {
      name: "a table with another line ending",
      job: withFiles(data, { "sales.csv": (files["sales.csv"] ?? "").replaceAll("\n", "\r\n") }),
    },
    {
      name: "a list of lines of JSON beside",
      job: withRound(
        withFiles(
          { ...data, criteria: [...data.criteria, more] },
          { "sources.jsonl": '{"name":"a"}\n{"name":"b"}\n' },
        ),
        {
          verdicts: [...data.rounds[0].verdicts, met("AC5")],
        },
      ),
    },
  ]);
}

/** Lines above may come and go. */
function citedByWords(job: Job): Job {
  const [{ verdicts }] = job.rounds;
  const unnumbered = verdicts.map((verdict) => ({
    ...verdict,
    citations: verdict.citations.map((citation) => ({ ...citation, line: null })),
  }));
  return withRound(job, { verdicts: unnumbered });
}
