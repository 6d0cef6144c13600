import { command, cite, type Files, file, type Job, met, must, rubric } from "./job.ts";
import type { Recipe } from "./recipe.ts";

const LABEL = "A program without dependencies";
const NO_DEPENDENCIES = must("AC9", "The program uses nothing but itself.", rubric("Does it?"));

function nodeFiles({ name, js, examples }: Recipe): Files {
  const cases = examples
    .map(
      ([text, result]) =>
        `test("turns ${text} into ${result}", () => {\n  assert.equal(${name}("${text}"), "${result}");\n});\n`,
    )
    .join("\n");
  return {
    "package.json": manifest(name, "node --test"),
    [`src/${name}.js`]: jsFunction(name, js),
    "src/cli.js": `import { ${name} } from "./${name}.js";\n\nconsole.log(${name}(process.argv[2]));\n`,
    [`test/${name}.test.js`]: `${imports(name)}\n${cases}`,
  };
}

export function imports(name: string): string {
  return `import assert from "node:assert/strict";\nimport test from "node:test";\n\nimport { ${name} } from "../src/${name}.js";\n`;
}

export function jsFunction(name: string, body: string): string {
  return `export function ${name}(text) {\n  ${body}\n}\n`;
}

export function manifest(name: string, test: string): string {
  return `${JSON.stringify({ name: `${name}-tool`, version: "1.0.0", type: "module", scripts: { test } }, null, 2)}\n`;
}

/** A command for Node.js with tests; every example is checked by running it. */
export function nodeJob(recipe: Recipe): Job {
  const { name, does, examples } = recipe;
  const files = nodeFiles(recipe);
  const runs = examples.map(([text, result], index) =>
    must(
      `AC${index + 1}`,
      `Given ${text} it prints ${result}.`,
      command(`node src/cli.js '${text}'`, result),
    ),
  );
  const tests = must("AC3", "The tests of the program succeed.", command("node --test"));
  const shown = cite(files, "src/cli.js", `import { ${name} }`);
  return {
    mode: "software",
    title: `A command that ${does}`,
    criteria: [...runs, tests, NO_DEPENDENCIES],
    rounds: [
      {
        tasks: [
          { key: "program", files, summary: `Wrote a function that ${does}, and a command around it.` },
        ],
        verdicts: [met("AC1"), met("AC2"), met("AC3"), met("AC9", [shown])],
        findings: [],
        says: "Every criterion holds.",
      },
    ],
    words: { finalizer: `The command ${does}. ${LABEL}.` },
    notes: "Run it with `node src/cli.js <text>`.",
    input: { max_qa_retries: 1 },
  };
}

/** The same, but what it does is known by its own tests alone. */
export function nodeJobByTests(recipe: Recipe): Job {
  const job = nodeJob(recipe);
  return onlyWith(job, ["AC3", "AC9"]);
}

/** The job under those of its criteria. */
export function onlyWith(job: Job, ids: readonly string[]): Job {
  const [first, ...more] = job.rounds;
  return {
    ...job,
    criteria: job.criteria.filter(({ id }) => ids.includes(id)),
    rounds: [{ ...first, verdicts: first.verdicts.filter(({ id }) => ids.includes(id)) }, ...more],
  };
}

export function pythonTest(name: string, body: string): string {
  return `import unittest\n\nfrom ${name} import ${name}\n\n\nclass Test(unittest.TestCase):\n${body}\n`;
}

export function pyFunction(name: string, body: string): string {
  return `def ${name}(text):\n    ${body}\n`;
}

/** A module for Python with unittest. */
export function pythonJob({ name, does, py, examples }: Recipe): Job {
  const cases = examples.map(
    ([text, result], index) =>
      `    def test_${index}(self):\n        self.assertEqual(${name}("${text}"), "${result}")\n`,
  );
  const files = {
    [`${name}.py`]: pyFunction(name, py),
    [`test_${name}.py`]: pythonTest(name, cases.join("\n")),
  };
  const call = (text: string): string =>
    `python3 -c "from ${name} import ${name}; print(${name}('${text}'))"`;
  const runs = examples.map(([text, result], index) =>
    must(`AC${index + 1}`, `Given ${text} it gives ${result}.`, command(call(text), result)),
  );
  const tests = must("AC3", "The tests of the module succeed.", command("python3 -m unittest discover"));
  return {
    mode: "software",
    title: `A module that ${does}`,
    criteria: [...runs, tests, NO_DEPENDENCIES],
    rounds: [
      {
        tasks: [{ key: "module", files, summary: `Wrote a module that ${does}.` }],
        verdicts: [
          met("AC1"),
          met("AC2"),
          met("AC3"),
          met("AC9", [cite(files, `${name}.py`, `def ${name}(text):`)]),
        ],
        findings: [],
        says: "Every criterion holds.",
      },
    ],
    words: { finalizer: `The module ${does}. ${LABEL}.` },
    notes: `Import it with \`from ${name} import ${name}\`.`,
    input: { max_qa_retries: 1 },
  };
}

export function pythonJobByTests(recipe: Recipe): Job {
  return onlyWith(pythonJob(recipe), ["AC3", "AC9"]);
}

/** A script for the shell that greets. */
export function shellJob(word: string): Job {
  const files = {
    "greet.sh": `#!/usr/bin/env bash\nset -euo pipefail\nprintf '%s, %s!\\n' '${word}' "$1"\n`,
    "README.md": `# Greeting\n\nSays ${word}.\n\n## Usage\n\n\`\`\`sh\nbash greet.sh Ada\n\`\`\`\n`,
  };
  return {
    mode: "ops",
    title: `A script that says ${word}`,
    criteria: [
      must("AC1", `It says ${word} to Ada.`, command("bash greet.sh Ada", `${word}, Ada!`)),
      must("AC2", `It says ${word} to Bo.`, command("bash greet.sh Bo", `${word}, Bo!`)),
      must("AC3", "The README says how it is used.", file("README.md", { headings: ["Usage"] })),
      must("AC4", "It stops at the first error.", rubric("Does it set -e?")),
    ],
    rounds: [
      {
        tasks: [{ key: "script", files, summary: "Wrote the script and a README." }],
        verdicts: [
          met("AC1"),
          met("AC2"),
          met("AC3"),
          met("AC4", [cite(files, "greet.sh", "set -euo pipefail")]),
        ],
        findings: [],
        says: "Every criterion holds.",
      },
    ],
    words: { finalizer: `A script that says ${word} to somebody.` },
    notes: "Run it with `bash greet.sh <name>`.",
    input: { max_qa_retries: 1 },
  };
}

/** A server of a few lines that greets. */
export function serverJob(word: string): Job {
  const source = `import { createServer } from "node:http";

const server = createServer((request, response) => {
  const name = new URL(request.url, "http://localhost").searchParams.get("name");
  response.statusCode = name ? 200 : 400;
  response.end(name ? "${word}, " + name : "name is missing");
});
server.listen(Number(process.env.PORT));
`;
  const files = { "package.json": '{ "name": "server", "type": "module" }\n', "server.js": source };
  const ask = (path: string, status: number, body_contains: string) =>
    ({
      kind: "http",
      start: "node server.js",
      method: "GET",
      path,
      body: null,
      status,
      body_contains,
    }) as const;
  return {
    mode: "software",
    title: `A server that says ${word}`,
    criteria: [
      must("AC1", `It says ${word} to a name.`, ask("/?name=Ada", 200, `${word}, Ada`)),
      must("AC2", "It refuses requests without a name.", ask("/", 400, "missing")),
      must("AC3", "The port comes from PORT.", rubric("Where does the port come from?")),
    ],
    rounds: [
      {
        tasks: [{ key: "server", files, summary: "Wrote the server." }],
        verdicts: [met("AC1"), met("AC2"), met("AC3", [cite(files, "server.js", "process.env.PORT")])],
        findings: [],
        says: "Every criterion holds.",
      },
    ],
    words: { finalizer: `A server that says ${word} to a name.` },
    notes: "Start it with `PORT=3000 node server.js`.",
    input: { max_qa_retries: 1 },
  };
}
