import type { Chance } from "../../chaos/chance.ts";
import { cite, file, type Job, met, must, rubric } from "./job.ts";

const SUBJECTS = ["tea", "bread", "soap", "kites", "candles", "paper"];

export function someSubject(chance: Chance): string {
  return chance.pick(SUBJECTS);
}

/** A guide in Markdown with a second page. */
export function guideJob(subject: string): Job {
  const steps = ["Gather what is needed.", "Work slowly.", "Let it rest for an hour.", "Clean the tools."];
  const files = {
    "README.md": `# Making ${subject}\n\nA guide for beginners; see [the steps](docs/steps.md#the-steps).\n\n## What is needed\n\nPatience, a table and one free hour. Nothing here is dangerous.\n\n## Safety\n\nKeep children away from hot water and from sharp tools.\n`,
    "docs/steps.md": `# Steps for ${subject}\n\n## The steps\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join("\n")}\n\nBack to [the start](../README.md).\n`,
  };
  return {
    mode: "docs",
    title: `A guide to making ${subject}`,
    criteria: [
      must(
        "AC1",
        "The guide says what is needed.",
        file("README.md", { headings: ["What is needed", "Safety"], min_words: 25, max_words: 200 }),
      ),
      must("AC2", "The steps have a page.", file("docs/steps.md", { contains: ["1. ", "4. "] })),
      must("AC3", "The guide warns of hot water.", rubric("Where does it warn?")),
    ],
    rounds: [
      {
        tasks: [{ key: "guide", files, summary: `Wrote a guide to making ${subject} in two pages.` }],
        verdicts: [
          met("AC1"),
          met("AC2"),
          met("AC3", [cite(files, "README.md", "Keep children away from hot water")]),
        ],
        findings: [],
        says: "The guide says what it should.",
      },
    ],
    words: { finalizer: `A guide to making ${subject}, with a page of steps.` },
    notes: "Begin with README.md.",
    input: { max_qa_retries: 1 },
  };
}

/** A table of sales and a report on it. */
export function dataJob(subject: string, chance: Chance): Job {
  const days = Array.from({ length: 12 }, (_, index) => ({
    day: `2026-03-${String(index + 1).padStart(2, "0")}`,
    sold: chance.between(1, 40),
  }));
  const total = days.reduce((sum, { sold }) => sum + sold, 0);
  const rows = days.map(({ day, sold }) => `${day},${subject},${sold}`);
  const files = {
    "sales.csv": `day,item,sold\n${rows.join("\n")}\n`,
    "summary.json": `${JSON.stringify({ item: subject, days: days.length, total }, null, 2)}\n`,
    "report.md": `# Sales of ${subject}\n\n## Result\n\nIn 12 days ${total} were sold.\n`,
  };
  const schema = {
    type: "object",
    required: ["item", "days", "total"],
    properties: { days: { const: 12 }, total: { const: total } },
  };
  return {
    mode: "research",
    title: `The sales of ${subject} in twelve days`,
    criteria: [
      must(
        "AC1",
        "Every day has its sales.",
        file("sales.csv", {
          columns: ["day", "item", "sold"],
          min_rows: 12,
          sql: "select count(distinct day) = 12 and min(cast(sold as integer)) > 0 from data",
        }),
      ),
      must("AC2", "The total is right.", file("summary.json", { json_schema: JSON.stringify(schema) })),
      must("AC3", "The report has a result.", file("report.md", { headings: ["Result"] })),
      must("AC4", "The report names the total.", rubric("Where is the total?")),
    ],
    rounds: [
      {
        tasks: [{ key: "report", files, summary: "Wrote the table, its summary and a report." }],
        verdicts: [
          met("AC1"),
          met("AC2"),
          met("AC3"),
          met("AC4", [cite(files, "report.md", `In 12 days ${total} were sold.`)]),
        ],
        findings: [],
        says: "The figures agree.",
      },
    ],
    words: { finalizer: `In twelve days ${total} of ${subject} were sold.` },
    notes: "Begin with report.md.",
    input: { max_qa_retries: 1 },
  };
}
