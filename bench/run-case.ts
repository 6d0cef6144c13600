import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type { CaseRequest, ChildScenario, Measurements } from "./case.ts";
import { crashAndRecover } from "./crash-and-recover.ts";
import { killAndLose } from "./kill-and-lose.ts";
import { killAndReturn, killAndTakeOver } from "./kill-and-return.ts";
import type { CaseScenario, PlannedCase } from "./plan.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { type ChildSettings, startChild } from "./run-child.ts";
import { severalNodes } from "./several-nodes.ts";

/** What all cases of a run share. */
export type Bench = {
  readonly directory: string;
  readonly postgres: PostgresServer | null;
  /** Environment under which a sync takes longer, or null where it can't be made. */
  readonly slowDisk: ((microseconds: number) => Record<string, string>) | null;
  readonly profile: string | null;
  readonly signal: AbortSignal;
};

const TIMEOUT_MS = 240_000;
let places = 0;

/** Measures one case in a fresh process on a fresh database. */
export async function runCase(bench: Bench, planned: PlannedCase): Promise<Measurements> {
  places += 1;
  const directory = join(bench.directory, `case-${places}`);
  await mkdir(directory);
  const database = planned.system.store === "postgres" ? await bench.postgres?.fresh() : undefined;
  try {
    const request: CaseRequest = {
      scenario: childScenario(planned.scenario),
      system: planned.system.id,
      shape: planned.shape,
      concurrency: planned.concurrency,
      seconds: planned.seconds,
      workflows: planned.workflows,
      directory,
      databaseUrl: database?.url ?? null,
      serverPid: database ? (bench.postgres?.pid ?? null) : null,
      spawnedAt: Date.now(),
      delayMs: 0,
      log: null,
      prefix: "",
    };
    return await measured(planned.scenario, request, settingsOf(bench, planned));
  } finally {
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

type CaseMeasure = (request: CaseRequest, settings: ChildSettings) => Promise<Measurements>;

/** How the cases go that are more than one child. */
const COMPOSED: Partial<Record<CaseScenario, CaseMeasure>> = {
  crash: crashAndRecover,
  recovery: killAndReturn,
  takeover: killAndTakeOver,
  lost: killAndLose,
  nodes: severalNodes,
  waiting: waitingAndReopened,
};

function measured(
  scenario: CaseScenario,
  request: CaseRequest,
  settings: ChildSettings,
): Promise<Measurements> {
  return COMPOSED[scenario]?.(request, settings) ?? startChild(request, settings).ended;
}

async function waitingAndReopened(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const result = await startChild(request, settings).ended;
  return { ...result, ...(await reopened(request, settings)) };
}

/** The same engine started on what now waits, against one on an empty store. */
async function reopened(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const scenario = "reopened";
  const full = await startChild({ ...request, scenario }, settings).ended;
  if (request.databaseUrl !== null) return { reopened_rss_mb: full["rss_mb"] ?? null };
  const directory = join(request.directory, "empty");
  await mkdir(directory);
  const empty = await startChild({ ...request, scenario, directory }, settings).ended;
  return { reopened_rss_mb: full["rss_mb"] ?? null, empty_rss_mb: empty["rss_mb"] ?? null };
}

/** The first child of a case; what else it needs, it starts itself. */
function childScenario(scenario: CaseScenario): ChildScenario {
  if (scenario === "recovery" || scenario === "takeover") return "begun";
  if (scenario === "lost") return "ending";
  return scenario === "nodes" ? "node" : scenario;
}

function settingsOf(bench: Bench, { slowFsyncUs }: PlannedCase): ChildSettings {
  const environment = slowFsyncUs > 0 ? bench.slowDisk?.(slowFsyncUs) : {};
  if (environment === undefined) throw new Error("a slow disk needs a C compiler (cc) on Linux");
  return { timeoutMs: TIMEOUT_MS, environment, profile: bench.profile, signal: bench.signal };
}
