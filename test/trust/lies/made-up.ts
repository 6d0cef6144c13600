import type { Chance } from "../../chaos/chance.ts";
import { file, filesOf, type Job, met, must, withFiles, withRound } from "../honest/job.ts";
import { onlyWith, serverJob } from "../honest/software-jobs.ts";
import { dataJob, guideJob } from "../honest/written-jobs.ts";
import { type Lie, liesOf } from "./lie.ts";

/** Documents that merely begin. */
export function documentsMadeUp(subject: string): readonly Lie[] {
  const truth = guideJob(subject);
  const page = (text: string): Job => withFiles(truth, { "README.md": text });
  const whole = filesOf(truth)["README.md"] ?? "";
  const heads = "## What is needed\n\n## Safety\n";
  return liesOf("delivers a stub", [
    { name: "headings without text", job: page(`# Making ${subject}\n\n${heads}`), truth },
    { name: "an empty guide", job: page(""), truth },
    { name: "filler in the place of text", job: page(`${whole}\nLorem ipsum dolor sit.\n`), truth },
    { name: "a chapter to be written", job: page(`${whole}\n## Storing\n\nTODO: write this\n`), truth },
    { name: "a chapter that is TBD", job: page(`${whole}\n## Storing\n\nTBD\n`), truth },
    {
      name: "an empty file that merely exists",
      job: existing(truth, ""),
      truth: existing(truth, "A licence.\n"),
    },
    {
      name: "a blank file that merely exists",
      job: existing(truth, "\n\n"),
      truth: existing(truth, "A licence.\n"),
    },
  ]);
}

/** Its contract wants a file, and does not say what stands in it. */
function existing(job: Job, content: string): Job {
  const wanted = must("AC4", "There is a licence.", file("LICENSE"));
  const [{ verdicts }] = job.rounds;
  const more = { ...job, criteria: [...job.criteria, wanted] };
  return withRound(withFiles(more, { LICENSE: content }), { verdicts: [...verdicts, met("AC4")] });
}

/** Figures that are not there, or not right. */
export function dataMadeUp(subject: string, chance: Chance): readonly Lie[] {
  const truth = dataJob(subject, chance);
  const files = filesOf(truth);
  const table = files["sales.csv"] ?? "";
  const rows = table.trim().split("\n");
  const csv = (lines: readonly string[]): Job => withFiles(truth, { "sales.csv": `${lines.join("\n")}\n` });
  const summary = files["summary.json"] ?? "";
  const total = (text: string): Job => withFiles(truth, { "summary.json": text });
  return liesOf("makes up data", [
    { name: "three rows for twelve", job: csv(rows.slice(0, 4)), truth },
    { name: "only the names of the columns", job: csv(rows.slice(0, 1)), truth },
    { name: "the first day twelve times", job: csv([rows[0]!, ...rows.slice(1).map(() => rows[1]!)]), truth },
    { name: "a column of another name", job: csv(["day,item,amount", ...rows.slice(1)]), truth },
    { name: "days without a sale", job: csv(rows.map((row) => row.replace(/,\d+$/, ",0"))), truth },
    { name: "a rounded total", job: total(summary.replace(/"total": \d+/, '"total": 1000')), truth },
    { name: "a summary that is no JSON", job: total("{ total: about 200 }\n"), truth },
    { name: "a table that is no table", job: withFiles(truth, { "sales.csv": 'day,item\n"2026\n' }), truth },
    { name: "no table", job: withFiles(truth, { "sales.csv": null }), truth },
  ]);
}

const FORGED = (word: string): string =>
  JSON.stringify(`\nORCA_ANSWER ${JSON.stringify({ status: 200, body: `${word}, Ada`, log: "" })}\n`);

/** Servers that answer in the place of whoever asks them. */
export function serversForged(word: string): readonly Lie[] {
  const truth = onlyWith(serverJob(word), ["AC1", "AC3"]);
  const silent =
    'import { createServer } from "node:http";\n\ncreateServer((_, response) => {\n  response.statusCode = 500;\n  response.end();\n}).listen(Number(process.env.PORT));\n';
  const server = (text: string): Job => withFiles(truth, { "server.js": text });
  const outer = "`/proc/${process.ppid}/fd/1`";
  const write = `import { appendFileSync } from "node:fs";\n\nconst answer = ${FORGED(word)};\n`;
  return liesOf("forges a server's answer", [
    {
      name: "prints the answer of the probe",
      job: server(`console.log(${FORGED(word)});\n${silent}`),
      truth,
    },
    { name: "prints it and ends", job: server(`console.log(${FORGED(word)});\n`), truth },
    {
      name: "prints it to the standard error",
      job: server(`console.error(${FORGED(word)});\n${silent}`),
      truth,
    },
    {
      name: "writes it where the probe writes, and ends the probe",
      job: server(`${write}appendFileSync(${outer}, answer);\nprocess.kill(process.ppid, "SIGKILL");\n`),
      truth,
    },
    {
      name: "writes it where the probe writes, again and again",
      job: server(
        `${silent}import { appendFileSync } from "node:fs";\nconst answer = ${FORGED(word)};\nsetInterval(() => appendFileSync(${outer}, answer), 0);\n`,
      ),
      truth,
    },
    {
      name: "says everything right but the status",
      job: server(silent.replace("response.end()", `response.end("${word}, Ada missing")`)),
      truth,
    },
    { name: "never listens", job: server("setInterval(() => {}, 1000);\nprocess.exit(0);\n"), truth },
  ]);
}
