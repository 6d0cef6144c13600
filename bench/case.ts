import type { JobShape } from "./job.ts";

/** What a child process can measure. */
export type ChildScenario =
  | "rate"
  | "idle"
  | "hold"
  | "waiting"
  | "reopened"
  | "growth"
  | "crash"
  | "recover"
  | "begun"
  | "returned"
  | "ending"
  | "bytes"
  | "streams"
  | "reads"
  | "creates"
  | "node"
  | "feed";

/** What the child process of one case is told. */
export type CaseRequest = {
  readonly scenario: ChildScenario;
  readonly system: string;
  readonly shape: JobShape;
  readonly concurrency: number;
  /** Length of the measurement where the scenario has one. */
  readonly seconds: number;
  /** Workflows, where the scenario has a number of them. */
  readonly workflows: number;
  readonly directory: string;
  readonly databaseUrl: string | null;
  /** The PostgreSQL server, whose CPU time counts. */
  readonly serverPid: number | null;
  readonly spawnedAt: number;
  /** Delay of a step and the file of its starts and ends, for the crash. */
  readonly delayMs: number;
  readonly log: string | null;
  /** Keeps the workflows of several processes on one database apart. */
  readonly prefix: string;
};

/** What a child says to its parent. */
export type FromChild =
  | { readonly type: "ready" }
  | { readonly type: "measured"; readonly measured: Measurements };

/** What a parent says to a child that is ready. */
export type ToChild = "go";

/** Measured values by name; null where a value can't be had. */
export type Measurements = Readonly<Record<string, number | boolean | null>>;

/** One line of the results file. */
export type ResultRow = {
  readonly scenario: string;
  readonly system: string;
  readonly job: string;
  readonly concurrency: number;
  readonly workflows: number;
  readonly repeat: number;
  readonly slow_fsync_us: number;
  readonly measured: Measurements;
  /** Why there are no values. */
  readonly error: string | null;
};
