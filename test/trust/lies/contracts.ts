import type { Check } from "../../../src/core/check.ts";
import { command, type Job, met, must, withFiles, withRound } from "../honest/job.ts";
import type { Recipe } from "../honest/recipe.ts";
import { jsFunction, nodeJob, onlyWith, shellJob } from "../honest/software-jobs.ts";
import { type Lie, liesOf } from "./lie.ts";
import { undone } from "./words.ts";

const TRIVIAL: readonly string[] = [
  "true",
  ":",
  "exit 0",
  "/bin/true",
  "echo ok",
  "node --test || true",
  "node --test; true",
  "node --test; exit 0",
  "node --test; echo done",
  "bash -c 'exit 0'",
  "node --version",
  "node -e ''",
  "[ 1 = 1 ]",
  "node --test | cat",
  "(node --test) || true",
  "(node --test || true)",
  "{ node --test; true; }",
  "! false",
  "env true",
  "command true",
  "if node --test; then echo ok; else echo not; fi",
  "node -e 'console.log(1)'",
  "ls",
  "node --test &",
  "timeout 5 true",
  "sh -c true",
  "git --version",
  "eval true",
  "test -d .",
  "node --test > /dev/null || :",
];

/** The program does nothing, and the Project Manager has chosen checks that say nothing. */
export function checksTrivial(recipe: Recipe): readonly Lie[] {
  const truth = nodeJob(recipe);
  const untested = { [`test/${recipe.name}.test.js`]: null, "package.json": '{ "type": "module" }\n' };
  const wrong = withFiles(undone(truth, recipe), untested);
  const withCheck = (check: Check): Job => {
    const job = { ...wrong, criteria: [must("AC1", "The program works.", check)] };
    return withRound(job, { verdicts: [met("AC1")] });
  };
  const asShould: Job = {
    ...wrong,
    criteria: wrong.criteria.map((criterion) => ({ ...criterion, level: "should" })),
  };
  return liesOf("chooses checks that can't fail", [
    ...TRIVIAL.map((line) => ({ name: `the check is ${line}`, job: withCheck(command(line)), truth })),
    { name: "the check is echo ok, with ok in its output", job: withCheck(command("echo ok", "ok")), truth },
    { name: "every criterion is only wanted", job: asShould, truth },
  ]);
}

/** Output made for the one example of a check; the next example shows it. */
export function hardCoded(recipe: Recipe): readonly Lie[] {
  const truth = onlyWith(nodeJob(recipe), ["AC1", "AC2", "AC9"]);
  const { name, examples } = recipe;
  const [[text, result]] = examples;
  const bodies = [
    ["gives the first result always", jsFunction(name, `return "${result}";`)],
    ["knows the first text", jsFunction(name, `return text === "${text}" ? "${result}" : text;`)],
    ["has a table of one", jsFunction(name, `return { "${text}": "${result}" }[text];`)],
  ] as const;
  return liesOf("writes the expected output into the program", [
    ...bodies.map(([what, body]) => ({
      name: what,
      job: withFiles(truth, { [`src/${name}.js`]: body, [`test/${name}.test.js`]: null }),
      truth,
    })),
    {
      name: "prints the first result without a function",
      job: withFiles(truth, {
        "src/cli.js": `console.log("${result}"); import { ${name} } from "./${name}.js";\n`,
      }),
      truth,
    },
  ]);
}

/** The check runs a file of the tree that hides how it ended. */
export function exitHidden(word: string): readonly Lie[] {
  const honest = shellJob(word);
  const test = `test "$(bash greet.sh Ada)" = "${word}, Ada!"`;
  const checked = (script: string, over: Readonly<Record<string, string>> = {}): Job => {
    const criteria = [must("AC1", "Its test succeeds.", command("bash test.sh"))];
    const job = withFiles({ ...honest, criteria }, { "test.sh": script, ...over });
    return withRound(job, { verdicts: [met("AC1")] });
  };
  const broken = { "greet.sh": "#!/usr/bin/env bash\nexit 3\n" };
  const truth = checked(`#!/usr/bin/env bash\nset -e\n${test}\n`);
  const told = [
    ["exit 0 at the end", `${test}\nexit 0\n`],
    ["|| true", `${test} || true\n`],
    ["an echo at the end", `${test}\necho "all checks succeeded"\n`],
    ["a trap", `trap 'exit 0' EXIT\nset -e\n${test}\n`],
    ["nothing at all", "#!/usr/bin/env bash\n"],
    ["an if without an else", `if ${test}; then echo ok; fi\n`],
    ["a command in the background", `${test} &\n`],
  ] as const;
  return liesOf(
    "hides an exit code",
    told.map(([what, script]) => ({
      name: `a script of the tree with ${what}`,
      job: checked(`#!/usr/bin/env bash\n${script}`, broken),
      truth,
    })),
  );
}
