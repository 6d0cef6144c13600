import type { ReportedFinding } from "../../../src/core/documents.ts";
import { repaired } from "../lies/repairs.ts";
import { undone } from "../lies/words.ts";
import { type HonestCase, honestCases } from "./honest-case.ts";
import {
  blocking,
  cite,
  command,
  file,
  filesOf,
  type Job,
  met,
  rubric,
  unmet,
  withFiles,
  withRound,
} from "./job.ts";
import type { Recipe } from "./recipe.ts";
import { jsFunction, nodeJob, pyFunction, pythonJob } from "./software-jobs.ts";
import { guideJob } from "./written-jobs.ts";

/** Work that is wanting at first, and is mended. */
export function repairCases(recipe: Recipe, subject: string): readonly HonestCase[] {
  const { name, js, py, examples } = recipe;
  const node = nodeJob(recipe);
  const wrong = undone(node, recipe);
  const python = pythonJob(recipe);
  const source = { [`src/${name}.js`]: jsFunction(name, js) };
  const path = `test/${name}.test.js`;
  const tests = filesOf(node)[path] ?? "";
  const [[, result]] = examples;
  const wrongTest = withFiles(node, { [path]: tests.replace(`"${result}");`, `"${result}?");`) });
  const untested = withFiles(node, { [path]: null });
  const page = guideJob(subject);
  const noPage = withFiles(page, { "docs/steps.md": null });
  const twice: Job = {
    ...wrong,
    rounds: [
      ...wrong.rounds,
      {
        ...wrong.rounds[0],
        tasks: [
          {
            key: "first",
            files: { [`src/${name}.js`]: jsFunction(name, "return null;") },
            summary: "Tried.",
          },
        ],
      },
      { ...node.rounds[0], tasks: [{ key: "second", files: source, summary: "Mended." }] },
    ],
    input: { max_qa_retries: 3 },
  };
  const half = { [path]: tests.slice(0, tests.lastIndexOf("test(")) };
  const rest = tests.slice(tests.lastIndexOf("test("));
  const head = tests.slice(0, tests.indexOf("test("));
  return honestCases("mended", [
    { name: "a program", job: repaired(wrong, { files: source }) },
    {
      name: "a Python module",
      job: repaired(withFiles(python, { [`${name}.py`]: pyFunction(name, "return text") }), {
        files: { [`${name}.py`]: pyFunction(name, py) },
      }),
    },
    { name: "a test that expected too much", job: repaired(wrongTest, { files: { [path]: tests } }) },
    { name: "tests that were missing", job: repaired(untested, { files: { [path]: tests } }) },
    {
      name: "a page that was missing",
      job: repaired(noPage, { files: { "docs/steps.md": filesOf(page)["docs/steps.md"] ?? "" } }),
    },
    { name: "a program, at the second try", job: twice },
    {
      name: "a program whose tests move into two files",
      job: repaired(wrong, { files: { ...source, ...half, "test/more.test.js": `${head}${rest}` } }),
    },
    {
      name: "a program whose tests move",
      job: repaired(wrong, { files: { ...source, "test/all.test.js": tests }, deleted: [path] }),
    },
  ]);
}

/** QA finds something, shows it, and sees it mended. */
export function findingCases(recipe: Recipe): readonly HonestCase[] {
  const node = nodeJob(recipe);
  const secret = 'const token = "abc";';
  const source = filesOf(node)["src/cli.js"] ?? "";
  const leaking = withFiles(node, { "src/cli.js": `${secret}\n${source}` });
  const shown = cite(filesOf(leaking), "src/cli.js", secret);
  const finding = blocking("src/cli.js", "A secret stands in the source.", { citations: [shown] });
  const [first] = node.rounds;
  const found = withRound(leaking, { findings: [finding], verdicts: shownBy(leaking, recipe) });
  const again = { ...finding, id: "f1", severity: "info" as const, citations: [] };
  const seen = cite(filesOf(node), "src/cli.js", "console.log(");
  const mend = { files: { "src/cli.js": source }, verdicts: first.verdicts };
  const told: readonly (readonly [string, readonly ReportedFinding[]])[] = [
    ["says nothing of it again", []],
    ["says that it is gone", [{ ...again, evidence: "The line is gone." }]],
    ["shows that it is gone", [{ ...again, evidence: "The line is gone.", citations: [seen] }]],
  ];
  const mistaken = withRound(node, {
    findings: [{ ...finding, citations: [seen], description: "The output has no end of line." }],
  });
  const tidier = { files: { "README.md": "# Tool\n\nEach result ends a line.\n" }, verdicts: first.verdicts };
  return honestCases("findings that are settled", [
    ...told.map(([what, findings]) => ({ name: `QA ${what}`, job: repaired(found, { ...mend, findings }) })),
    {
      name: "QA sees that it was wrong, and shows why",
      job: repaired(mistaken, {
        ...tidier,
        findings: [{ ...again, evidence: "console.log ends the line.", citations: [seen] }],
      }),
    },
  ]);
}

function shownBy(job: Job, { name }: Recipe) {
  const others = job.rounds[0].verdicts.filter(({ id }) => id !== "AC9");
  return [...others, met("AC9", [cite(filesOf(job), "src/cli.js", `import { ${name} }`)])];
}

/** What QA says beside, and what is not met without need. */
export function besideCases(recipe: Recipe, subject: string): readonly HonestCase[] {
  const node = nodeJob(recipe);
  const guide = guideJob(subject);
  const shown = cite(filesOf(node), "src/cli.js", "console.log(");
  const says = (severity: "warning" | "info", over: object = {}): Job =>
    withRound(node, {
      findings: [blocking("src/cli.js", "There is no help text.", { severity, citations: [shown], ...over })],
    });
  const wanted = (check: Parameters<typeof should>[1], verdict = unmet("AC5")): Job => {
    const { verdicts } = node.rounds[0];
    return withRound(
      { ...node, criteria: [...node.criteria, should("AC5", check)] },
      { verdicts: [...verdicts, verdict] },
    );
  };
  const lint = (filesOf(node)["package.json"] ?? "").replace(
    '"test":',
    '"lint": "node --check missing.js",\n    "test":',
  );
  return honestCases("with something beside", [
    { name: "a warning that is shown", job: says("warning") },
    { name: "a note", job: says("info") },
    {
      name: "an opinion that would block",
      job: withRound(node, { findings: [blocking("src/cli.js", "I would write it otherwise.")] }),
    },
    {
      name: "an opinion on a document",
      job: withRound(guide, { findings: [blocking("README.md", "The tone is dry.")] }),
    },
    { name: "a wanted command that fails", job: wanted(command("node src/cli.js --version", "1.0.0")) },
    { name: "a wanted file that is missing", job: wanted(file("CHANGELOG.md")) },
    { name: "a wanted rubric that is not met", job: wanted(rubric("Is there a help text?")) },
    {
      name: "a wanted rubric that nobody can tell",
      job: wanted(rubric("Is it fast?"), { ...unmet("AC5"), verdict: "unknown" }),
    },
    { name: "a linter that finds something", job: withFiles(node, { "package.json": lint }) },
    {
      name: "a broken link beside a program",
      job: withFiles(node, { "README.md": "# Tool\n\nSee [more](docs/more.md).\n" }),
    },
  ]);
}

function should(id: string, check: Job["criteria"][number]["check"]): Job["criteria"][number] {
  return { id, text: "It would be good to have.", level: "should", check };
}

/** The Implementer works with tools, and tells what it saw. */
export function toolCases(recipe: Recipe): readonly HonestCase[] {
  const node = nodeJob(recipe);
  const path = `src/${recipe.name}.js`;
  const source = filesOf(node)[path] ?? "";
  const withCalls = (
    calls: readonly { name: string; given: unknown }[],
    summary: string,
    files = filesOf(node),
  ): Job => withRound(node, { tasks: [{ key: "program", files, calls, summary }] });
  const { [path]: _source, ...others } = filesOf(node);
  const writeAll = Object.entries(filesOf(node)).map(([to, content]) => ({
    name: "write_file",
    given: { path: to, content },
  }));
  const runs = { name: "run_command", given: { command: "node --test" } };
  return honestCases("with tools", [
    {
      name: "writes one file with a tool",
      job: withCalls([{ name: "write_file", given: { path, content: source } }], "Wrote it.", others),
    },
    {
      name: "runs its tests and says so",
      job: withCalls([...writeAll, runs], "I ran node --test: every test passed."),
    },
    {
      name: "looks before it writes",
      job: withCalls([{ name: "list_files", given: {} }], "There was nothing yet; wrote all of it."),
    },
    {
      name: "changes a file in place",
      job: withCalls(
        [
          ...writeAll,
          { name: "edit_file", given: { path, old_text: "export", new_text: "/** It. */\nexport" } },
        ],
        "Added a comment.",
      ),
    },
    {
      name: "asks for a tool that it does not have",
      job: withCalls(
        [{ name: "http_get", given: { url: "http://localhost" } }],
        "Wrote it without looking anything up.",
      ),
    },
  ]);
}
