import type { Chance } from "../../chaos/chance.ts";
import { type HonestCase, honestCases } from "./honest-case.ts";
import { command, type Files, filesOf, type Job, must, withFiles, withRound } from "./job.ts";
import type { Recipe } from "./recipe.ts";
import {
  nodeJob,
  nodeJobByTests,
  pythonJob,
  pythonJobByTests,
  serverJob,
  shellJob,
} from "./software-jobs.ts";
import { dataJob, guideJob } from "./written-jobs.ts";

/** Jobs that are done at once. */
export function plainCases(recipe: Recipe, subject: string, chance: Chance): readonly HonestCase[] {
  const node = nodeJob(recipe);
  return honestCases("done at once", [
    { name: `a program that is known by its tests: ${recipe.name}`, job: nodeJobByTests(recipe) },
    { name: `a Python module that is known by its tests: ${recipe.name}`, job: pythonJobByTests(recipe) },
    { name: `a Python module: ${recipe.name}`, job: pythonJob(recipe) },
    { name: `a program: ${recipe.name}`, job: node },
    { name: "a script that says hello", job: shellJob("Hello") },
    { name: "a server that says hello", job: serverJob("Hello") },
    { name: "a program in two tasks", job: inTwoTasks(node) },
    { name: "a program and its guide", job: beside(node, guideJob(subject), "mixed") },
    { name: "a script and a table", job: beside(shellJob("Ahoy"), dataJob(subject, chance), "ops") },
    { name: "a page for readers", job: { ...guideJob(subject), mode: "content" } },
    {
      name: "handed over by choice of the caller",
      job: { ...node, input: { ...node.input, delivery: { action: "api-response", config: {} } } },
    },
  ]);
}

function inTwoTasks(job: Job): Job {
  const files = Object.entries(filesOf(job));
  const isTest = (path: string): boolean => path.startsWith("test/");
  const program: Files = Object.fromEntries(files.filter(([path]) => !isTest(path)));
  const tests: Files = Object.fromEntries(files.filter(([path]) => isTest(path)));
  return withRound(job, {
    tasks: [
      { key: "program", files: program, summary: "Wrote the program. Nothing of it has been run yet." },
      { key: "tests", after: ["program"], files: tests, summary: "Wrote tests for both examples." },
    ],
  });
}

/** Both jobs as one, each as a task. */
function beside(one: Job, other: Job, mode: Job["mode"]): Job {
  const renamed = (id: string): string => `B-${id}`;
  const [{ tasks, verdicts }] = other.rounds;
  const [first] = one.rounds;
  return withRound(
    {
      ...one,
      mode,
      criteria: [
        ...one.criteria,
        ...other.criteria.map((criterion) => ({ ...criterion, id: renamed(criterion.id) })),
      ],
    },
    {
      tasks: [
        ...tasks,
        ...first.tasks.map((task) => ({ ...task, files: without(task.files, filesOf(other)) })),
      ],
      verdicts: [...first.verdicts, ...verdicts.map((verdict) => ({ ...verdict, id: renamed(verdict.id) }))],
    },
  );
}

function without(files: Files, others: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !(path in others)));
}

const PROGRAM_TESTS: readonly (readonly [name: string, script: string, files: (recipe: Recipe) => Files])[] =
  [
    ["with a runner of its own", "node check.js", ownRunner],
    ["with tests in two files", "node --test", () => ({ "test/more.test.js": moreTest("more") })],
    ["with a test that is left for later", "node --test", () => ({ "test/later.test.js": later() })],
    ["with tests of what it refuses", "node --test", () => ({ "test/refusal.test.js": refusal() })],
    [
      "with a child process that ends with 0",
      "node --test",
      ({ name }) => ({ "test/cli.test.js": ofCommand(name) }),
    ],
    ["with a test run after a build step", "node --check src/cli.js && node --test", () => ({})],
    ["with a chosen reporter", "node --test --test-reporter=tap", () => ({})],
    ["with cleaning after its tests", "node --test && echo done", () => ({})],
  ];

/** Programs whose tests are written in other ways than most. */
export function testCases(recipe: Recipe): readonly HonestCase[] {
  return honestCases(
    "tests of other kinds",
    PROGRAM_TESTS.map(([name, script, files]) => {
      const job = nodeJob(recipe);
      const text = (filesOf(job)["package.json"] ?? "").replace('"node --test"', JSON.stringify(script));
      const byNpm = must("AC3", "The tests succeed.", command("npm test --silent"));
      const criteria = job.criteria.map((one) => (one.id === "AC3" ? byNpm : one));
      return { name, job: withFiles({ ...job, criteria }, { "package.json": text, ...files(recipe) }) };
    }),
  );
}

function ownRunner({ name, examples: [[text, result]] }: Recipe): Files {
  return {
    "check.js": `import assert from "node:assert/strict";\n\nimport { ${name} } from "./src/${name}.js";\n\nassert.equal(${name}("${text}"), "${result}");\nconsole.log("fine");\n`,
  };
}

const HEAD = 'import assert from "node:assert/strict";\nimport test from "node:test";\n';

function moreTest(name: string): string {
  return `${HEAD}\ntest("${name}", () => {\n  assert.equal([1, 2].length, 2);\n});\n`;
}

function later(): string {
  return `${HEAD}\ntest("is strict", () => {\n  assert.throws(() => JSON.parse("{"));\n});\ntest.todo("is fast");\n`;
}

function refusal(): string {
  return `${HEAD}\ntest("refuses", () => {\n  assert.throws(() => JSON.parse("x"), SyntaxError);\n});\n`;
}

function ofCommand(name: string): string {
  return `${HEAD.replace("import test", 'import { spawnSync } from "node:child_process";\nimport test')}\ntest("${name} ends well", () => {\n  const { status } = spawnSync(process.execPath, ["-e", "process.exit(0)"]);\n  assert.equal(status, 0);\n});\n`;
}
