import { tmpdir } from "node:os";
import { parseArgs } from "node:util";

import type { JobShape } from "./job.ts";
import { ROWS, STORES, type Store, type SystemEntry, systemById } from "./systems.ts";

export const SCENARIOS = [
  "rate",
  "slow-disk",
  "idle",
  "memory",
  "growth",
  "crash",
  "recovery",
  "lost",
  "streams",
  "api",
  "nodes",
  "bytes",
  "startup",
  "install",
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export type BenchOptions = {
  readonly systems: readonly SystemEntry[];
  readonly stores: readonly Store[];
  readonly scenarios: readonly Scenario[];
  readonly shapes: readonly JobShape[];
  readonly concurrency: readonly number[];
  readonly repeats: number;
  readonly seconds: number;
  /** Tasks of the longest workflow, workflows that wait, workflows that are killed. */
  readonly growthTasks: number;
  readonly waiting: number;
  readonly crashed: readonly number[];
  /** Workflows that have begun a step when their process is killed, and those whose steps end at once. */
  readonly killed: number;
  readonly streamClients: number;
  /** Directory for the data of the cases: what lies under it decides what a sync costs. */
  readonly work: string;
  /** Page that gets the tables, or null. */
  readonly page: string | null;
  /** Directory for CPU profiles of the children, or null. */
  readonly profile: string | null;
};

export const USAGE = `usage: npm run bench -- [options]
  --stores sqlite,postgres      stores (both)
  --rows a,b                    rows by id: ${ROWS.map(({ id }) => id).join(", ")}
  --scenarios a,b               ${SCENARIOS.join(", ")} (all)
  --jobs 10+0,10+8              chained + parallel tasks (both)
  --concurrency 1,64            workflows in flight
  --repeats 3                   repeats, outermost; tables show medians
  --seconds 1                   length of one rate measurement
  --growth-tasks 10000          tasks of the longest workflow
  --waiting 10000               workflows that wait for a person
  --crashed 32                  workflows in the midst of their steps at a kill -9
  --killed 1000                 workflows at the kill of the recovery, and of the results that get lost
  --stream-clients 1000         clients of one event stream
  --work DIR                    where the databases lie (the temp directory)
  --page FILE                   also write the tables into this page, between its marks
  --profile DIR                 also write CPU profiles of the measured processes
  --quick                       one short repeat, c=1 and 64, small numbers: to see that all works`;

const QUICK = {
  repeats: "1",
  seconds: "0.5",
  concurrency: "1,64",
  "growth-tasks": "1500",
  waiting: "1000",
  crashed: "32",
  killed: "100",
  "stream-clients": "100",
};
const DEFAULTS = {
  repeats: "3",
  seconds: "1",
  concurrency: "1,64",
  "growth-tasks": "10000",
  waiting: "10000",
  crashed: "32",
  killed: "1000",
  "stream-clients": "1000",
};

/** Null when help was asked for. Throws on an option that makes no sense. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      stores: { ...text, default: STORES.join(",") },
      rows: text,
      scenarios: { ...text, default: SCENARIOS.join(",") },
      jobs: { ...text, default: "10+0,10+8" },
      concurrency: text,
      repeats: text,
      seconds: text,
      "growth-tasks": text,
      waiting: text,
      crashed: text,
      killed: text,
      "stream-clients": text,
      work: { ...text, default: tmpdir() },
      page: text,
      profile: text,
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const sized = { ...(values.quick ? QUICK : DEFAULTS), ...values };
  const stores = listed("--stores", values.stores, STORES);
  const rows = values.rows?.split(",").map(systemById) ?? ROWS;
  return {
    systems: rows.filter((system) => stores.includes(system.store)),
    stores,
    scenarios: listed("--scenarios", values.scenarios, SCENARIOS),
    shapes: values.jobs.split(",").map(shapeOf),
    concurrency: sized.concurrency.split(",").map((number) => positive("--concurrency", number)),
    repeats: positive("--repeats", sized.repeats),
    seconds: positive("--seconds", sized.seconds),
    growthTasks: positive("--growth-tasks", sized["growth-tasks"]),
    waiting: positive("--waiting", sized.waiting),
    crashed: sized.crashed.split(",").map((number) => positive("--crashed", number)),
    killed: positive("--killed", sized.killed),
    streamClients: positive("--stream-clients", sized["stream-clients"]),
    work: values.work,
    page: values.page ?? null,
    profile: values.profile ?? null,
  };
}

function listed<T extends string>(option: string, text: string, known: readonly T[]): readonly T[] {
  return text.split(",").map((word) => {
    const found = known.find((name) => name === word);
    if (found === undefined) throw new Error(`${option} knows ${known.join(", ")}, not ${word}`);
    return found;
  });
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${option} needs a number above 0, not ${text}`);
  return number;
}

function shapeOf(text: string): JobShape {
  const [chained, parallel] = text.split("+").map(Number);
  if (chained === undefined || parallel === undefined || !(chained > 0) || !(parallel >= 0)) {
    throw new Error(`--jobs needs chained+parallel, such as 10+8, not ${text}`);
  }
  return { chained, parallel };
}
