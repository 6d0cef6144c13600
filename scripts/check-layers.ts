// A lint rule that matches nothing is as green as one that is obeyed. So this plants one violation of each rule that
// guards the architecture and fails unless the linter reports every one of them, and nothing in what is allowed.
// Then it counts: fails when the linter did not read all of src/, or when src/ has a folder without a rule.
import { spawnSync } from "node:child_process";
import { cp, glob, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { layers } from "./layers.ts";

const fewestSourceFiles = 30;

type Planted = readonly [file: string, code: string];

const imports = "eslint(no-restricted-imports)";
const globals = "eslint(no-restricted-globals)";
const properties = "eslint(no-restricted-properties)";
const manyLines = (count: number): string => "export {};\n".repeat(count);
const longFunction = `export function long(): void {\n${"  void 0;\n".repeat(60)}}`;

const violations: Record<string, readonly Planted[]> = {
  [imports]: [
    ["src/core/other-layer.ts", 'import "../ports/a.ts";'],
    ["src/core/workflow/the-app.ts", 'import "../../app.ts";'],
    ["src/core/lazily.ts", 'export const a = import("../engine/a.ts");'],
    ["src/core/only-a-type.ts", 'import type { A } from "../engine/a.ts"; export type B = A;'],
    ["src/core/handed-on.ts", 'export * from "../engine/a.ts";'],
    ["src/core/package.ts", 'import "uuid";'],
    ["src/core/node.ts", 'import "node:fs";'],
    ["src/contract/other-layer.ts", 'import "../ports/a.ts";'],
    ["src/contract/package.ts", 'import "hono";'],
    ["src/ports/other-layer.ts", 'import "../engine/a.ts";'],
    ["src/ports/package.ts", 'import "ai";'],
    ["src/engine/other-layer.ts", 'import "../storage/a.ts";'],
    ["src/engine/sql.ts", 'import "kysely";'],
    ["src/storage/other-layer.ts", 'import "../engine/a.ts";'],
    ["src/roles/other-layer.ts", 'import "../engine/a.ts";'],
    ["src/roles/qa/other-layer.ts", 'import "../../providers/a.ts";'],
    ["src/roles/qa/other-role.ts", 'import "../architect/role.ts";'],
    ["src/roles/qa/deep/other-role.ts", 'import "../../architect/role.ts";'],
    ["src/providers/openai/other-layer.ts", 'import "../../engine/a.ts";'],
    ["src/providers/openai/other-vendor.ts", 'import "../ollama/a.ts";'],
    ["src/providers/openai/deep/other-vendor.ts", 'import "../../ollama/a.ts";'],
    ["src/delivery/webhook/other-layer.ts", 'import "../../egress/a.ts";'],
    ["src/delivery/webhook/other-action.ts", 'import "../archive/a.ts";'],
    ["src/telemetry/other-layer.ts", 'import "../config/a.ts";'],
    ["src/config/other-layer.ts", 'import "../ports/a.ts";'],
    ["src/egress/other-layer.ts", 'import "../config/a.ts";'],
    ["src/server/other-layer.ts", 'import "../storage/a.ts";'],
    ["src/server/sql.ts", 'import "pg";'],
    ["src/server/the-app.ts", 'import "../app.ts";'],
    ["src/cli/other-layer.ts", 'import "../ports/a.ts";'],
    ["src/cli/commands/list.ts", 'export const app = import("../../app.ts");'],
    ["src/cli/commands/serve.ts", 'import "../../engine/a.ts";'],
    ["src/engine/environment-by-import.ts", 'import { env } from "node:process"; export { env };'],
    ["src/app/sql.ts", 'import "node:sqlite";'],
    ["src/engine/undici.ts", 'import "undici";'],
    ["src/delivery/webhook/https.ts", 'import { request } from "node:https"; export { request };'],
    ["src/app/dns.ts", 'import "node:dns/promises";'],
    ["src/workspace/connects.ts", 'import "node:net";'],
    ["src/tools/other-layer.ts", 'import "../sandbox/a.ts";'],
    ["src/sandbox/other-layer.ts", 'import "../workspace/a.ts";'],
    ["src/mcp/other-layer.ts", 'import "../egress/a.ts";'],
    ["src/app/a-test.ts", 'import "./b.test.ts";'],
    ["src/app/a-suite.ts", 'import "./b.testsuite.ts";'],
    ["src/engine/from-test.ts", 'import "../../test/postgres/fresh-database.ts";'],
    ["src/engine/from-bench.ts", 'import "../../bench/main.ts";'],
  ],
  [globals]: [
    ["src/core/clock.ts", "export const now = Date.now();"],
    ["src/core/waits.ts", "export const wait = (): unknown => setTimeout(() => undefined, 1);"],
    ["src/core/id.ts", "export const id = crypto.randomUUID();"],
    ["src/engine/fetches.ts", 'export const answer = fetch("http://localhost");'],
  ],
  [properties]: [
    ["src/core/chance.ts", "export const lot = Math.random();"],
    ["src/engine/fetches-globally.ts", 'export const answer = globalThis.fetch("http://localhost");'],
  ],
  "node(no-process-env)": [["src/engine/environment.ts", "export const home = process.env.HOME;"]],
  "import(no-cycle)": [
    ["src/engine/cycle-a.ts", 'import { b } from "./cycle-b.ts"; export const a = (): unknown => b;'],
    ["src/engine/cycle-b.ts", 'import { a } from "./cycle-a.ts"; export const b = (): unknown => a;'],
  ],
  "import(no-default-export)": [["src/engine/default.ts", "export default 1;"]],
  "eslint(no-empty)": [["src/engine/swallows.ts", "try { process.exit(); } catch {}"]],
  "eslint(max-lines)": [
    ["src/engine/long-file.ts", manyLines(401)],
    ["src/engine/long-file.test.ts", manyLines(601)],
  ],
  "eslint(max-lines-per-function)": [["src/engine/long-function.ts", longFunction]],
  "eslint(max-params)": [
    [
      "src/engine/parameters.ts",
      "export const f = (a: 1, b: 1, c: 1, d: 1, e: 1): number => a + b + c + d + e;",
    ],
  ],
  "typescript(no-floating-promises)": [
    [
      "src/engine/floats.ts",
      "async function later(): Promise<void> {} export function f(): void { later(); }",
    ],
  ],
};

const allowed: readonly Planted[] = [
  ["src/core/good.ts", 'export { z } from "zod"; export { a } from "./workflow/good.ts";'],
  ["src/core/workflow/good.ts", 'export { a } from "../a.ts";'],
  ["src/contract/good.ts", 'export { z } from "@hono/zod-openapi"; export { a } from "../core/a.ts";'],
  ["src/storage/good.ts", 'import "kysely"; import "pg"; import "node:sqlite"; import "../ports/a.ts";'],
  ["src/roles/good.ts", 'import "./qa/role.ts"; import "../core/a.ts";'],
  ["src/roles/qa/good.ts", 'import "../good.ts"; import "../../core/a.ts"; import "./deep/good.ts";'],
  ["src/roles/qa/deep/good.ts", 'import "../role.ts"; import "../../role.ts"; import "../../../ports/a.ts";'],
  ["src/providers/openai/good.ts", 'import "../../egress/a.ts"; import "../registry.ts";'],
  ["src/egress/good.ts", 'export const answer = fetch("http://localhost");'],
  ["src/config/good.ts", "export const home = process.env.HOME;"],
  ["src/cli/good.ts", "export const home = process.env.HOME;"],
  ["src/cli/commands/demo.ts", 'import "../../app.ts"; import "../../config/a.ts";'],
  ["src/app.ts", 'import "./storage/a.ts"; import "./roles/qa/role.ts"; import "./cli/a.ts";'],
  ["src/engine/good.test.ts", 'import "../storage/a.ts"; export const home = process.env.HOME;'],
  ["test/e2e/good.test.ts", 'import "../../src/engine/a.ts"; export const now = Date.now();'],
];

interface Report {
  diagnostics: { code: string; filename: string }[];
  number_of_files: number;
}

function lint(folder: string, ...paths: string[]): Report {
  const run = spawnSync("oxlint", ["--format", "json", ...paths], { cwd: folder, encoding: "utf8" });
  if (run.error) throw run.error;
  if (!run.stdout.startsWith("{")) throw new Error(`oxlint did not report: ${run.stdout}${run.stderr}`);
  return JSON.parse(run.stdout) as Report;
}

async function plant(folder: string): Promise<void> {
  for (const file of ["oxlint.config.ts", "tsconfig.json", "scripts/layers.ts"])
    await cp(file, join(folder, file));
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  for (const [file, code] of [...Object.values(violations).flat(), ...allowed]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${code}\n`);
  }
}

/** What the linter said of the planted files, against what it should have said. */
async function plantedProblems(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "orca-layers-"));
  try {
    await plant(folder);
    const said = lint(folder, "src", "test").diagnostics;
    const missed = Object.entries(violations).flatMap(([rule, files]) =>
      files
        .filter(([file]) => !said.some((one) => one.filename === file && one.code === rule))
        .map(([file, code]) => `${rule} did not report ${file}: ${code.slice(0, 80)}`),
    );
    const guarding = new Set(Object.keys(violations));
    const wrong = said
      .filter((one) => guarding.has(one.code) && allowed.some(([file]) => file === one.filename))
      .map((one) => `${one.code} reported ${one.filename}, which is allowed`);
    return [...missed, ...wrong];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sourceProblems(): Promise<string[]> {
  const sources = await Array.fromAsync(glob("src/**/*.ts"));
  const read = lint(".", "src").number_of_files;
  const folders = (await readdir("src", { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const lawless = folders.filter(({ name }) => name !== "app" && !(name in layers));
  return [
    ...lawless.map(({ name }) => `src/${name} has no rule: give it one in scripts/layers.ts`),
    ...(read < sources.length ? [`the linter read ${read} of ${sources.length} files of src/`] : []),
    ...(read < fewestSourceFiles
      ? [`the linter read ${read} files of src/, at least ${fewestSourceFiles} are there`]
      : []),
  ];
}

const problems = [...(await plantedProblems()), ...(await sourceProblems())];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  `layers: ${Object.values(violations).flat().length} planted violations were found, ${allowed.length} allowed files passed`,
);
