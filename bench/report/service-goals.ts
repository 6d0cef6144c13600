import type { Cell, Results } from "../results.ts";
import { atLeast, atMost, type Goal, ratio } from "./goal.ts";

const SLOW = 1000;

/** The goals about kills, bytes, streams and the API. */
export function serviceGoals(results: Results): Goal[] {
  return [...recovery(results), ...lost(results), ...bytes(results), ...streams(results), ...api(results)];
}

/** Goal 5 is shown here for its part between nodes. */
export function otherNodeGoal(results: Results): Goal[] {
  const heard = (system: string): number | null =>
    results.median({ scenario: "feed", system }, "heard_p50_ms");
  return [
    atMost(
      5,
      "PG: a listener on another node hears, p50 × bare NOTIFY",
      5,
      ratio(heard("orca-pg"), heard("raw-notify")),
    ),
  ];
}

function recovery(results: Results): Goal[] {
  const of = (system: string, value: string): number | null =>
    results.median({ scenario: "recovery", system }, value);
  const first = difference(of("orca-sqlite", "first_back_ms"), of("orca-sqlite", "ready_ms"));
  const rawFirst = difference(of("raw-sqlite", "first_back_ms"), of("raw-sqlite", "ready_ms"));
  const takeover = (value: string): number | null =>
    results.median({ scenario: "takeover", system: "orca-pg" }, value);
  const kills = results.rows.filter(
    ({ system, measured }) => system.startsWith("orca") && "complete" in measured,
  );
  const redone = kills.reduce((total, { measured }) => total + Number(measured["redone_finished"]), 0);
  const incomplete = kills.filter(({ measured }) => measured["complete"] !== true).length;
  return [
    atMost(6, "finished steps run again after any kill -9", 0, kills.length > 0 ? redone : null),
    atMost(6, "kills after which a workflow was not completed", 0, kills.length > 0 ? incomplete : null),
    atMost(6, "SQLite: first workflow back after ready × raw", 3, ratio(first, rawFirst)),
    atMost(
      6,
      "SQLite: spawn to all back × raw",
      10,
      ratio(of("orca-sqlite", "last_back_ms"), of("raw-sqlite", "last_back_ms")),
    ),
    atMost(6, "SQLite: spawn to all back, ms", 1_000, of("orca-sqlite", "last_back_ms")),
    atMost(6, "PG, second node alive: kill to all running there, ms", 2_000, takeover("last_back_ms")),
  ];
}

function lost(results: Results): Goal[] {
  const share = (system: string): number | null => results.median({ scenario: "lost", system }, "lost_share");
  return [
    atMost(7, "SQLite: share of results lost at a kill", 0.01, share("orca-sqlite")),
    atMost(
      7,
      "PG: share of results lost at a kill × raw group",
      1,
      ratio(share("orca-pg"), share("raw-pg-group")),
    ),
  ];
}

function bytes(results: Results): Goal[] {
  const of = (system: string, value: string): number | null =>
    results.median({ scenario: "bytes", system }, value);
  const over = (system: string, base: string, value: string): number | null =>
    ratio(of(system, value), of(base, value));
  return [
    atMost(9, "SQLite: stored a step × raw", 1.5, over("orca-sqlite", "raw-sqlite", "stored_kb_per_step")),
    atMost(
      9,
      "SQLite: written a step × raw group",
      1.5,
      over("orca-sqlite", "raw-sqlite-group", "written_kb_per_step"),
    ),
    atMost(9, "PG: stored a step × raw", 1.5, over("orca-pg", "raw-pg", "stored_kb_per_step")),
    atMost(9, "PG: WAL a step × raw", 1.3, over("orca-pg", "raw-pg", "written_kb_per_step")),
  ];
}

function streams(results: Results): Goal[] {
  const of = (system: string, value: string): number | null =>
    results.median({ scenario: "streams", system }, value);
  const over = (value: string): number | null => ratio(of("orca-sqlite", value), of("raw-streams", value));
  const beside = ratio(of("orca-sqlite", "few_beside_deaf_p99_ms"), of("orca-sqlite", "few_p99_ms"));
  return [
    atMost(11, "SSE, 1,000 clients: CPU a delivery × raw", 1.4, over("cpu_us_per_delivery")),
    atMost(11, "SSE, 20 events/s: p99 × raw", 1.5, over("p99_ms")),
    atMost(11, "SSE: RSS a client × raw", 1.3, over("rss_kb_per_client")),
    atMost(11, "SSE: p99 beside a client that reads nothing : without it", 1.5, beside),
  ];
}

function api(results: Results): Goal[] {
  const reads = (concurrency: number, slow_fsync_us: number): number | null => {
    const cell: Cell = { scenario: "reads", system: "orca-sqlite", concurrency, slow_fsync_us };
    return results.median(cell, "p99_ms");
  };
  const creates = (system: string): number | null => results.median({ scenario: "creates", system }, "per_s");
  return [
    atMost(12, "GET p99 with the engine flat out : with no engine", 1.5, ratio(reads(64, 0), reads(0, 0))),
    atMost(12, "the same with 1 ms more a sync", 1.5, ratio(reads(64, SLOW), reads(0, SLOW))),
    atLeast(
      12,
      "durable POST /workflows × plain hono POST",
      0.3,
      ratio(creates("orca-sqlite"), creates("plain-hono")),
    ),
  ];
}

function difference(value: number | null, base: number | null): number | null {
  return value === null || base === null ? null : value - base;
}
