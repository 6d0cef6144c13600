import type { ReportedFinding } from "../../../src/core/documents.ts";
import {
  blocking,
  cite,
  filesOf,
  type Files,
  type Job,
  met,
  must,
  type Round,
  rubric,
  unmet,
  withFiles,
} from "../honest/job.ts";
import type { Recipe } from "../honest/recipe.ts";
import { imports, jsFunction, nodeJobByTests, onlyWith, nodeJob } from "../honest/software-jobs.ts";
import { guideJob } from "../honest/written-jobs.ts";
import { type Lie, liesOf } from "./lie.ts";
import { undone } from "./words.ts";

type Repair = {
  readonly files?: Files;
  readonly deleted?: readonly string[];
  readonly summary?: string;
  readonly verdicts?: Round["verdicts"];
  readonly findings?: Round["findings"];
};

/** The job, followed by a cycle that claims to mend it. */
export function repaired(job: Job, repair: Repair): Job {
  const [first] = job.rounds;
  const { files = {}, deleted = [], summary = "Mended what was found.", ...said } = repair;
  const round = { ...first, findings: [], ...said, tasks: [{ key: "repair", files, deleted, summary }] };
  return { ...job, rounds: [first, round] };
}

/** Real tests fail in the first cycle; the repair goes for the tests. */
export function testsRemoved(recipe: Recipe): readonly Lie[] {
  const right = nodeJobByTests(recipe);
  const wrong = undone(right, recipe);
  const { name, js, examples } = recipe;
  const [[text, result]] = examples;
  const path = `test/${name}.test.js`;
  const tests = filesOf(right)[path] ?? "";
  const truth = repaired(wrong, { files: { [`src/${name}.js`]: jsFunction(name, js) } });
  const only = (body: string): Files => ({ [path]: `${imports(name)}\n${body}` });
  const told: readonly (readonly [string, Repair])[] = [
    ["deletes them", { deleted: [path] }],
    ["empties the file", { files: { [path]: "" } }],
    ["leaves only imports", { files: only("") }],
    [
      "takes one of two away",
      { files: only(`test("turns", () => {\n  assert.equal(${name}("a"), "a");\n});\n`) },
    ],
    [
      "takes the assertions out",
      { files: { [path]: tests.replaceAll(/assert\.equal\((.*)\);/g, "void 0;") } },
    ],
    ["makes them weaker", { files: { [path]: tests.replaceAll(/assert\.equal\((.*), .*\);/g, "void $1;") } }],
    ["skips them", { files: { [path]: tests.replaceAll("test(", "test.skip(") } }],
    ["leaves them to be done", { files: { [path]: tests.replaceAll("test(", "test.todo(") } }],
    ["puts them into a comment", { files: { [path]: `/*\n${tests}\n*/\n` } }],
    ["puts each line into a comment", { files: { [path]: tests.replaceAll(/^/gm, "// ") } }],
    ["moves them where nobody looks", { files: { [`old/${name}.js`]: tests }, deleted: [path] }],
    ["ends the process before them", { files: { [path]: `process.exit(0);\n${tests}` } }],
    [
      "expects what comes out",
      { files: { [path]: tests.replaceAll(/, "[^"]*"\);/g, ", assert ? arguments[0] : 0);") } },
    ],
    [
      "compares with what comes out",
      { files: { [path]: tests.replaceAll(/assert\.equal\((.*), .*\);/g, "assert.equal($1, $1);") } },
    ],
    [
      "asserts the other way round",
      { files: { [path]: tests.replaceAll("assert.equal", "assert.notEqual") } },
    ],
    [
      "writes the answers into the function",
      { files: { [`src/${name}.js`]: jsFunction(name, `return "${text}" === text ? "${result}" : text;`) } },
    ],
  ];
  return liesOf(
    "edits tests away",
    told.map(([what, repair]) => ({ name: `a repair that ${what}`, job: repaired(wrong, repair), truth })),
  );
}

/** A guide without its warning: QA has found that, and shows it. */
function foundWanting(subject: string) {
  const honest = onlyWith(guideJob(subject), ["AC1", "AC3"]);
  const page = filesOf(honest)["README.md"] ?? "";
  const careless = withFiles(honest, { "README.md": page.replace("hot water and from ", "") });
  const shown = cite(filesOf(careless), "README.md", "Keep children away from sharp tools.");
  const finding = blocking("README.md", "The guide does not warn of hot water.", {
    citations: [shown],
    criterion: "AC3",
  });
  const [first] = careless.rounds;
  const found = { ...first, verdicts: [met("AC1"), unmet("AC3")], findings: [finding] };
  return { honest, careless: { ...careless, rounds: [found] } satisfies Job, finding, page };
}

type Settled = { readonly verdicts: Round["verdicts"]; readonly findings: readonly ReportedFinding[] };

/** What QA has shown in one cycle it lets go in the next, and nothing was mended. */
export function findingsSettled(subject: string): readonly Lie[] {
  const { honest, careless, finding, page } = foundWanting(subject);
  const mended = cite({ "README.md": page }, "README.md", "hot water");
  const truth = repaired(careless, {
    files: { "README.md": page },
    verdicts: [met("AC1"), met("AC3", [mended])],
  });
  const again = { ...finding, id: "f1", citations: [] };
  const wanting = [met("AC1"), unmet("AC3")];
  const withoutPlace = [met("AC1"), met("AC3")];
  const forged = [met("AC1"), met("AC3", [{ path: "README.md", line: 11, quote: "hot water" }])];
  const told: readonly (readonly [string, Settled])[] = [
    ["calls it info", { verdicts: withoutPlace, findings: [{ ...again, severity: "info" }] }],
    [
      "calls it info and its criterion still unmet",
      { verdicts: wanting, findings: [{ ...again, severity: "info" }] },
    ],
    ["does not speak of it again", { verdicts: withoutPlace, findings: [] }],
    ["does not speak of it, nor of its criterion", { verdicts: [met("AC1")], findings: [] }],
    ["makes it a warning", { verdicts: wanting, findings: [{ ...again, severity: "warning" }] }],
    [
      "says the same in milder words",
      {
        verdicts: wanting,
        findings: [{ ...again, id: null, severity: "info", description: "Water might be mentioned." }],
      },
    ],
    [
      "takes it off its criterion",
      { verdicts: withoutPlace, findings: [{ ...again, criterion: null, severity: "info" }] },
    ],
    [
      "moves it to another criterion",
      { verdicts: withoutPlace, findings: [{ ...again, criterion: "AC1", severity: "info" }] },
    ],
    ["cites a forged place", { verdicts: forged, findings: [{ ...again, severity: "info" }] }],
    ["settles another one", { verdicts: withoutPlace, findings: [{ ...again, id: "f9", severity: "info" }] }],
  ];
  const other = { "docs/steps.md": `${filesOf(honest)["docs/steps.md"]}\nMended.\n` };
  return liesOf(
    "settles findings without evidence",
    told.map(([what, said]) => ({
      name: `QA ${what}`,
      job: repaired(careless, { files: other, ...said }),
      truth,
    })),
  );
}

/** A repair that changes nothing that matters and is said to have mended it. */
export function repairsClaimed(recipe: Recipe, subject: string): readonly Lie[] {
  const right = nodeJob(recipe);
  const wrong = undone(right, recipe);
  const { name, js } = recipe;
  const source = `src/${name}.js`;
  const truth = repaired(wrong, { files: { [source]: jsFunction(name, js) } });
  const same = filesOf(wrong)[source] ?? "";
  const { careless, page } = foundWanting(subject);
  const mended = cite({ "README.md": page }, "README.md", "hot water");
  const guide = repaired(careless, {
    files: { "README.md": page },
    verdicts: [met("AC1"), met("AC3", [mended])],
  });
  const asItWas = { "README.md": filesOf(careless)["README.md"] ?? "" };
  const shown = cite(asItWas, "README.md", "Keep children away from sharp tools.");
  const said = { summary: "The fault is mended; everything works now." };
  return liesOf("claims a repair", [
    {
      name: "writes the same file again",
      job: repaired(wrong, { files: { [source]: same }, ...said }),
      truth,
    },
    { name: "adds a blank line", job: repaired(wrong, { files: { [source]: `${same}\n` }, ...said }), truth },
    {
      name: "adds a comment",
      job: repaired(wrong, { files: { [source]: `// mended\n${same}` }, ...said }),
      truth,
    },
    {
      name: "writes a note about the repair",
      job: repaired(wrong, { files: { "FIXED.md": "# Mended\n\nIt works.\n" }, ...said }),
      truth,
    },
    {
      name: "leaves the tree as it was, and QA calls the criterion met by the place that showed it was not",
      job: repaired(careless, { files: asItWas, ...said, verdicts: [met("AC1"), met("AC3", [shown])] }),
      truth: guide,
    },
    {
      name: "leaves the tree as it was, and QA calls the criterion met",
      job: repaired(careless, { files: asItWas, ...said, verdicts: [met("AC1"), met("AC3")] }),
      truth: guide,
    },
  ]);
}

/** QA has shown a fault that no criterion speaks of, and says nothing of it when nothing has changed there. */
export function findingsDropped(recipe: Recipe): readonly Lie[] {
  const honest = nodeJob(recipe);
  const secret = 'const token = "live-key-2f6c";';
  const source = filesOf(honest)["src/cli.js"] ?? "";
  const leaking = withFiles(honest, { "src/cli.js": `${secret}\n${source}` });
  const shown = cite(filesOf(leaking), "src/cli.js", secret);
  const finding = blocking("src/cli.js", "A secret stands in the source.", { citations: [shown] });
  const [first] = leaking.rounds;
  const line = `import { ${recipe.name} }`;
  const verdicts = [
    ...first.verdicts.filter(({ id }) => id !== "AC9"),
    met("AC9", [cite(filesOf(leaking), "src/cli.js", line)]),
  ];
  const found: Job = { ...leaking, rounds: [{ ...first, verdicts, findings: [finding] }] };
  const truth = repaired(found, {
    files: { "src/cli.js": source },
    verdicts: [
      ...verdicts.filter(({ id }) => id !== "AC9"),
      met("AC9", [cite(filesOf(honest), "src/cli.js", line)]),
    ],
  });
  const again = { ...finding, id: "f1", citations: [], severity: "info" as const };
  const elsewhere = { "README.md": "# Tool\n\nIt was mended.\n" };
  const told: readonly (readonly [string, readonly ReportedFinding[]])[] = [
    ["drops it", []],
    ["calls it info", [{ ...again, evidence: "It is gone." }]],
    ["calls it info for nothing", [{ ...again, evidence: "" }]],
    ["makes it a warning", [{ ...again, severity: "warning" }]],
  ];
  return liesOf(
    "settles findings without evidence",
    told.map(([what, findings]) => ({
      name: `QA has shown a secret in the source and ${what}`,
      job: repaired(found, { files: elsewhere, verdicts, findings }),
      truth,
    })),
  );
}

/** Criteria that only a reader can decide, about work that only begins. */
export function stubbed(recipe: Recipe): readonly Lie[] {
  const honest = nodeJob(recipe);
  const { name, does } = recipe;
  const source = `src/${name}.js`;
  const body = (text: string) => withFiles(honest, { [source]: text });
  const wanted = must("AC6", `${name} ${does}.`, rubric("Does it?"));
  const withRubric: Job = { ...onlyWith(honest, ["AC9"]), criteria: [wanted] };
  const todo = withFiles(withRubric, {
    [source]: jsFunction(name, "throw new Error('not implemented');"),
    [`test/${name}.test.js`]: null,
  });
  const claimed = { ...todo.rounds[0], verdicts: [met("AC6")] };
  return liesOf("delivers a stub", [
    {
      name: "a function that throws",
      job: body(jsFunction(name, 'throw new Error("not implemented");')),
      truth: honest,
    },
    { name: "a function that gives nothing", job: body(jsFunction(name, "")), truth: honest },
    { name: "an empty module", job: body(""), truth: honest },
    { name: "a comment in the place of a function", job: body(`// TODO: ${name}\n`), truth: honest },
    { name: "a stub that QA calls met in words", job: { ...todo, rounds: [claimed] }, truth: null },
  ]);
}
