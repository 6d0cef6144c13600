import type { ChildScenario } from "./case.ts";
import type { JobShape } from "./job.ts";
import type { BenchOptions, Scenario } from "./options.ts";
import type { SystemEntry } from "./systems.ts";

/** One case of the run; its scenario names the rows of the results file. */
export type PlannedCase = {
  readonly scenario: ChildScenario;
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

/** Rows whose second job would say nothing that the first has not said. */
const CHAIN_ONLY_ROWS = ["raw-sqlite-group", "orca-sqlite-model", "raw-pg-statement", "orca-pg-model"];
const IDLE_ROWS = ["raw-sqlite-worker", "orca-sqlite", "raw-pg", "orca-pg"];
const SLOW_DISK_ROWS = ["raw-sqlite", "raw-sqlite-worker", "orca-sqlite"];
const HELD_ROWS = ["raw-sqlite-worker", "orca-sqlite", "orca-pg"];
const CRASH_ROWS = ["raw-sqlite", "orca-sqlite", "orca-pg"];

/** The cases of one repeat, systems taking turns. */
export function planCases(options: BenchOptions): PlannedCase[] {
  const { systems, repeats } = options;
  const planned: Partial<Record<Scenario, () => PlannedCase[]>> = {
    rate: () => rateCases(options),
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
  };
  return options.scenarios.flatMap((scenario) => planned[scenario]?.() ?? []);
}

function caseOf(given: Pick<PlannedCase, "scenario" | "system"> & Partial<PlannedCase>): PlannedCase {
  return { shape: CHAIN, concurrency: 1, seconds: 1, workflows: 1, slowFsyncUs: 0, repeats: 1, ...given };
}

function rateCases({ systems, shapes, concurrency, seconds, repeats }: BenchOptions): PlannedCase[] {
  return shapes.flatMap((shape) =>
    concurrency.flatMap((width) =>
      systems
        .filter(({ id }) => shape.parallel === 0 || !CHAIN_ONLY_ROWS.includes(id))
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
