import type { Cell, Results } from "../results.ts";
import { atLeast, atMost, type Goal, ratio } from "./goal.ts";
import { shown, table } from "./markdown.ts";
import { otherNodeGoal, serviceGoals } from "./service-goals.ts";

const SLOW = 1000;

/** The goals that this project has set itself, each with what this run says of it. */
export function renderGoals(results: Results): string {
  const goals = [
    ...latencyAndThroughput(results),
    ...postgres(results),
    ...cost(results),
    ...responsiveness(results),
    ...otherNodeGoal(results),
    ...growth(results),
    ...memory(results),
    ...startAndSize(results),
    ...serviceGoals(results),
  ].toSorted((left, right) => left.number - right.number);
  const rows = goals.map(({ number, text, figure, limit, more }) => [
    String(number),
    text,
    `${more ? "≥" : "≤"} ${shown(limit)}`,
    shown(figure),
    figure === null
      ? "not measured"
      : (more ? figure >= limit : figure <= limit)
        ? "reached"
        : "**not reached**",
  ]);
  return table(["goal", "what", "limit", "figure", "verdict"], rows);
}

function latencyAndThroughput(results: Results): Goal[] {
  const rate = rateOf(results);
  const gap = (over: Cell): number | null =>
    ratio(rate("orca-sqlite", "gap_p50_ms", over), rate("raw-sqlite", "gap_p50_ms", over));
  const steps = (base: string, over: Cell): number | null =>
    ratio(rate("orca-sqlite", "steps_per_s", over), rate(base, "steps_per_s", over));
  const [one, many] = [{ concurrency: 1 }, { concurrency: 64 }];
  const fan = { concurrency: 64, job: "10+8" };
  const slow = { slow_fsync_us: SLOW };
  return [
    atMost(1, "SQLite, lone step: gap p50 × raw FULL", 2, gap(one)),
    atMost(1, "the same with 1 ms more a sync", 1.25, gap({ ...one, ...slow })),
    atLeast(2, "SQLite, c=64, 10+0: steps/s × raw FULL worker", 0.4, steps("raw-sqlite-worker", many)),
    atLeast(2, "SQLite, c=64, 10+0: steps/s × raw FULL", 2.5, steps("raw-sqlite", many)),
    atLeast(2, "SQLite, c=64, 10+8: steps/s × raw FULL worker", 0.4, steps("raw-sqlite-worker", fan)),
    atLeast(2, "SQLite, c=64, 10+8: steps/s × raw FULL", 2.5, steps("raw-sqlite", fan)),
    atLeast(
      2,
      "SQLite, c=64, 1 ms more a sync: steps/s × raw FULL",
      10,
      steps("raw-sqlite", { ...many, ...slow }),
    ),
  ];
}

function postgres(results: Results): Goal[] {
  const rate = rateOf(results);
  const against = (value: string, concurrency: number): number | null =>
    ratio(rate("orca-pg", value, { concurrency }), rate("raw-pg", value, { concurrency }));
  return [
    atMost(3, "PG, lone step: gap p50 × raw BEGIN..COMMIT", 1, against("gap_p50_ms", 1)),
    atLeast(3, "PG, c=64: steps/s × raw BEGIN..COMMIT", 1.5, against("steps_per_s", 64)),
  ];
}

function cost(results: Results): Goal[] {
  const rate = rateOf(results);
  const many = { concurrency: 64 };
  const cpu = (system: string): number | null => rate(system, "cpu_us_per_step", many);
  const server = (system: string): number | null => rate(system, "server_cpu_us_per_step", many);
  return [
    atMost(
      4,
      "SQLite, c=64: CPU a step × raw FULL worker",
      5,
      ratio(cpu("orca-sqlite"), cpu("raw-sqlite-worker")),
    ),
    atMost(
      4,
      "PG, c=64: server CPU a step × raw BEGIN..COMMIT",
      0.4,
      ratio(server("orca-pg"), server("raw-pg")),
    ),
  ];
}

function responsiveness(results: Results): Goal[] {
  const idle = (value: string): number | null =>
    ratio(
      results.median({ scenario: "idle", system: "orca-sqlite" }, value),
      results.median({ scenario: "idle", system: "raw-sqlite-worker" }, value),
    );
  return [
    atMost(5, "SQLite, idle: submit to first step × raw FULL worker", 4, idle("first_step_p50_ms")),
    atMost(5, "SQLite, idle: submitter knows the end × raw FULL worker", 3, idle("completed_p50_ms")),
  ];
}

function growth(results: Results): Goal[] {
  return ["orca-sqlite", "orca-pg"].flatMap((system) => {
    const value = (name: string): number | null => results.median({ scenario: "growth", system }, name);
    const store = system === "orca-pg" ? "PG" : "SQLite";
    return [
      atMost(8, `${store}: gap p50, last tenth of a long workflow : first`, 1.25, value("gap_growth")),
      atMost(8, `${store}: status read at 10^4 events : 10^2`, 1.25, value("status_growth")),
      atMost(8, `${store}: event page at 10^4 events : 10^2`, 1.25, value("page_growth")),
    ];
  });
}

function memory(results: Results): Goal[] {
  const heap = (system: string): number | null =>
    results.median({ scenario: "hold", system }, "heap_kb_per_workflow");
  const waiting = (value: string): number | null =>
    results.median({ scenario: "waiting", system: "orca-sqlite" }, value);
  return [
    atMost(
      10,
      "heap of a workflow in flight × raw",
      4,
      ratio(heap("orca-sqlite"), heap("raw-sqlite-worker")),
    ),
    atMost(10, "heap of a workflow in flight, kB", 10, heap("orca-sqlite")),
    atMost(10, "heap with waiting workflows : without", 1.1, waiting("heap_ratio")),
    atMost(
      10,
      "RSS started on waiting workflows : on none",
      1.1,
      ratio(waiting("reopened_rss_mb"), waiting("empty_rss_mb")),
    ),
  ];
}

function startAndSize(results: Results): Goal[] {
  const installed = { scenario: "startup", system: "installed package" };
  const place = results.has(installed) ? installed : { scenario: "startup", system: "sources" };
  const size = { scenario: "install", system: "installed package" };
  return [
    atMost(13, `spawn to ready × bare node (${place.system})`, 10, results.median(place, "ready_over_bare")),
    atMost(13, "installed size, MB", 60, results.median(size, "installed_mb")),
    atMost(13, "installed packages", 80, results.median(size, "packages")),
  ];
}

function rateOf(results: Results) {
  return (system: string, value: string, over: Cell): number | null =>
    results.median({ scenario: "rate", job: "10+0", system, ...over }, value);
}
