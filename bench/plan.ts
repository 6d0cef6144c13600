import type { ChildScenario } from "./case.ts";
import type { JobShape } from "./job.ts";
import type { BenchOptions, Scenario } from "./options.ts";
import type { SystemEntry } from "./systems.ts";

/** What can be measured of a system; some of it takes several children. */
export type CaseScenario =
  | Exclude<ChildScenario, "recover" | "reopened" | "begun" | "returned" | "ending" | "node">
  | "recovery"
  | "takeover"
  | "lost"
  | "nodes";

/** One case of the run; its scenario names the rows of the results file. */
export type PlannedCase = {
  readonly scenario: CaseScenario;
  readonly system: SystemEntry;
  readonly shape: JobShape;
  readonly concurrency: number;
  readonly seconds: number;
  readonly workflows: number;
  readonly slowFsyncUs: number;
  /** How often it is repeated; less where one measurement is steady and long. */
  readonly repeats: number;
};

const CHAIN: JobShape = { chained: 10, parallel: 0 };
const SLOW_FSYNC_US = 1000;
const IDLE_WORKFLOWS = 12;
const HELD_WORKFLOWS = 1000;
const BYTES_WORKFLOWS = 200;
/** Of what is measured at a rate or in several processes; a percentile of less says little. */
const LEAST_SECONDS = 3;

/** Rows whose second job would say nothing that the first has not said; nor would one workflow of it alone. */
const CHAIN_ONLY_ROWS = ["raw-sqlite-group", "orca-sqlite-model", "raw-pg-statement", "orca-pg-model"];
const IDLE_ROWS = ["raw-sqlite-worker", "orca-sqlite", "raw-pg", "orca-pg"];
const SLOW_DISK_ROWS = ["raw-sqlite", "raw-sqlite-worker", "orca-sqlite"];
const HELD_ROWS = ["raw-sqlite-worker", "orca-sqlite", "orca-pg"];
const CRASH_ROWS = ["raw-sqlite", "orca-sqlite", "orca-pg"];
const RECOVERY_ROWS = ["raw-sqlite", "orca-sqlite", "raw-pg", "orca-pg"];
const LOST_ROWS = ["raw-sqlite", "raw-sqlite-group", "orca-sqlite", "raw-pg", "raw-pg-group", "orca-pg"];
const BYTES_ROWS = [
  "raw-sqlite",
  "raw-sqlite-group",
  "orca-sqlite",
  "orca-sqlite-model",
  "raw-pg",
  "raw-pg-group",
  "orca-pg",
  "orca-pg-model",
];
const READ_ROWS = ["raw-sqlite-worker", "orca-sqlite"];
const CREATE_ROWS = ["plain-hono", "raw-sqlite-worker", "orca-sqlite"];
const STREAM_ROWS = ["raw-streams", "orca-sqlite"];
const NODE_ROWS = ["raw-pg-group", "orca-pg"];
const FEED_ROWS = ["raw-notify", "orca-pg"];
/** Short, because after the kill all of it is done to the end. */
const SHORT_CHAIN: JobShape = { chained: 2, parallel: 0 };
const WIDE: JobShape = { chained: 10, parallel: 8 };

/** The cases of one repeat, systems taking turns. */
export function planCases(options: BenchOptions): PlannedCase[] {
  const { repeats } = options;
  const systems = options.systems.filter(({ kind }) => kind !== "baseline");
  const planned: Partial<Record<Scenario, () => PlannedCase[]>> = {
    rate: () => rateCases({ ...options, systems }),
    "slow-disk": () =>
      [1, 64].flatMap((concurrency) =>
        among(systems, SLOW_DISK_ROWS).map((system) =>
          caseOf({
            scenario: "rate",
            system,
            concurrency,
            repeats,
            seconds: options.seconds,
            slowFsyncUs: SLOW_FSYNC_US,
          }),
        ),
      ),
    idle: () =>
      among(systems, IDLE_ROWS).map((system) =>
        caseOf({ scenario: "idle", system, repeats, workflows: IDLE_WORKFLOWS }),
      ),
    memory: () => memoryCases(options),
    growth: () =>
      ours(systems).map((system) =>
        caseOf({ scenario: "growth", system, shape: { chained: options.growthTasks, parallel: 0 } }),
      ),
    crash: () =>
      options.crashed.flatMap((workflows) =>
        among(systems, CRASH_ROWS).map((system) => caseOf({ scenario: "crash", system, workflows })),
      ),
    ...serviceCases(options),
  };
  return options.scenarios.flatMap((scenario) => planned[scenario]?.() ?? []);
}

/** What is felt around the engine, rather than of one step. */
function serviceCases(options: BenchOptions): Partial<Record<Scenario, () => PlannedCase[]>> {
  const { systems, repeats, killed, streamClients } = options;
  const seconds = Math.max(options.seconds, LEAST_SECONDS);
  const each = (
    rows: readonly string[],
    given: Omit<Parameters<typeof caseOf>[0], "system">,
  ): PlannedCase[] => among(systems, rows).map((system) => caseOf({ repeats, ...given, system }));
  return {
    recovery: () => [
      ...each(RECOVERY_ROWS, { scenario: "recovery", workflows: killed }),
      ...each(["orca-pg"], { scenario: "takeover", workflows: killed }),
    ],
    lost: () => each(LOST_ROWS, { scenario: "lost", shape: SHORT_CHAIN, workflows: killed }),
    streams: () => each(STREAM_ROWS, { scenario: "streams", workflows: streamClients }),
    api: () => [
      ...[0, 64].flatMap((concurrency) => each(READ_ROWS, { scenario: "reads", concurrency, seconds })),
      ...[0, 64].flatMap((concurrency) =>
        each(["orca-sqlite"], { scenario: "reads", concurrency, seconds, slowFsyncUs: SLOW_FSYNC_US }),
      ),
      ...each(CREATE_ROWS, { scenario: "creates", seconds }),
    ],
    nodes: () => [
      ...[1, 2].flatMap((workflows) =>
        each(NODE_ROWS, { scenario: "nodes", workflows, concurrency: 64, seconds }),
      ),
      ...each(FEED_ROWS, { scenario: "feed" }),
    ],
    bytes: () =>
      each(BYTES_ROWS, {
        scenario: "bytes",
        shape: WIDE,
        concurrency: 16,
        workflows: BYTES_WORKFLOWS,
        repeats: 1,
      }),
  };
}

function caseOf(given: Pick<PlannedCase, "scenario" | "system"> & Partial<PlannedCase>): PlannedCase {
  return { shape: CHAIN, concurrency: 1, seconds: 1, workflows: 1, slowFsyncUs: 0, repeats: 1, ...given };
}

function rateCases({ systems, shapes, concurrency, seconds, repeats }: BenchOptions): PlannedCase[] {
  return shapes.flatMap((shape) =>
    concurrency.flatMap((width) =>
      systems
        .filter(({ id }) => shape.parallel === 0 || (width > 1 && !CHAIN_ONLY_ROWS.includes(id)))
        .map((system) => caseOf({ scenario: "rate", system, shape, concurrency: width, seconds, repeats })),
    ),
  );
}

function memoryCases({ systems, waiting }: BenchOptions): PlannedCase[] {
  return [
    ...among(systems, HELD_ROWS).map((system) =>
      caseOf({ scenario: "hold", system, workflows: HELD_WORKFLOWS }),
    ),
    ...ours(systems).map((system) => caseOf({ scenario: "waiting", system, workflows: waiting })),
  ];
}

function among(systems: readonly SystemEntry[], ids: readonly string[]): SystemEntry[] {
  return systems.filter((system) => ids.includes(system.id));
}

function ours(systems: readonly SystemEntry[]): SystemEntry[] {
  return systems.filter((system) => system.kind === "ours");
}
