import type { Cell, Results } from "../results.ts";
import { table, type TableCell } from "./markdown.ts";
import { present, simpleTable } from "./simple-table.ts";

/** Tables of what is felt around the engine, rather than of one step. */
export function serviceTables(results: Results): (string | null)[] {
  return [
    recoveryTable(results),
    lostTable(results),
    streamsTable(results),
    readsTable(results),
    createsTable(results),
    nodesTable(results),
    feedTable(results),
    bytesTable(results),
  ];
}

const BACK = [
  ["finished steps run again", "redone_finished"],
  ["first back ms", "first_back_ms"],
  ["last back ms", "last_back_ms"],
] as const;

function recoveryTable(results: Results): string | null {
  const [any] = results.rows.filter(({ scenario }) => scenario === "recovery" || scenario === "takeover");
  if (!any) return null;
  const restarts = simpleTable(
    results,
    `kill -9 of ${any.workflows} workflows that have begun a step, then a restart: times since the spawn`,
    { scenario: "recovery" },
    [...BACK, ["ready ms", "ready_ms"], ["all done ms", "all_done_ms"]],
  );
  const takeovers = simpleTable(
    results,
    "The same with a second node that lives on: times since the kill",
    { scenario: "takeover" },
    BACK,
  );
  return [restarts, takeovers].filter((part) => part !== null).join("\n\n");
}

function lostTable(results: Results): string | null {
  return simpleTable(
    results,
    "kill -9 when many steps have just ended: results that were not on the disk",
    { scenario: "lost" },
    [
      ["steps", "workflows"],
      ["lost", "lost"],
      ["share", "lost_share"],
      ["finished steps run again", "redone_finished"],
    ],
  );
}

function streamsTable(results: Results): string | null {
  return simpleTable(results, "One event stream, many clients, 20 events a second", { scenario: "streams" }, [
    ["clients", "clients"],
    ["lost", "lost"],
    ["CPU µs a delivery", "cpu_us_per_delivery"],
    ["p50 ms", "p50_ms"],
    ["p99 ms", "p99_ms"],
    ["RSS kB a client", "rss_kb_per_client"],
    ["heap kB a client", "heap_kb_per_client"],
    ["20 clients, 100 kB events, p99 ms", "few_p99_ms"],
    ["and one that reads nothing", "few_beside_deaf_p99_ms"],
  ]);
}

function readsTable(results: Results): string | null {
  const reads = results.rows.filter(({ scenario }) => scenario === "reads");
  if (reads.length === 0) return null;
  const rows = [...new Set(reads.map((row) => row.slow_fsync_us))].flatMap((slow_fsync_us) =>
    [...new Set(reads.map((row) => row.concurrency))].flatMap((concurrency) => {
      const cell: Cell = { scenario: "reads", concurrency, slow_fsync_us };
      return present(results, cell).map(({ id, kind, title }): TableCell[] => {
        const value = (name: string): number | null => results.median({ ...cell, system: id }, name);
        return [
          kind === "raw" ? `plain hono beside ${title}` : title,
          concurrency,
          slow_fsync_us / 1000,
          value("p50_ms"),
          value("p99_ms"),
          value("max_ms"),
          value("steps_per_s"),
        ];
      });
    }),
  );
  const header = ["row", "in flight", "ms more a sync", "p50 ms", "p99 ms", "max ms", "steps/s meanwhile"];
  return `### A read over HTTP, 300 a second, while workflows run\n\n${table(header, rows)}`;
}

function createsTable(results: Results): string | null {
  return simpleTable(results, "POST over 50 connections: a workflow made durable", { scenario: "creates" }, [
    ["answered/s", "per_s"],
    ["p50 ms", "p50_ms"],
    ["p99 ms", "p99_ms"],
    ["refused or failed", "failures"],
  ]);
}

function nodesTable(results: Results): string | null {
  const counts = new Set(
    results.rows.filter(({ scenario }) => scenario === "nodes").map(({ workflows }) => workflows),
  );
  const tables = [...counts].map((workflows) =>
    simpleTable(
      results,
      `${workflows === 1 ? "One node" : `${workflows} nodes`} on one PostgreSQL, 64 workflows in flight in all`,
      { scenario: "nodes", workflows },
      [
        ["steps/s", "steps_per_s"],
        ["steps/s of the slowest", "least_steps_per_s"],
        ["gap p50 ms", "gap_p50_ms"],
        ["gap p99 ms", "gap_p99_ms"],
        ["CPU µs/step", "cpu_us_per_step"],
      ],
    ),
  );
  return tables.length === 0 ? null : tables.filter((part) => part !== null).join("\n\n");
}

function feedTable(results: Results): string | null {
  return simpleTable(results, "From a write on one node to a listener on the other", { scenario: "feed" }, [
    ["p50 ms", "heard_p50_ms"],
    ["p99 ms", "heard_p99_ms"],
    ["max ms", "heard_max_ms"],
  ]);
}

function bytesTable(results: Results): string | null {
  return simpleTable(results, "Bytes, 10+8 tasks, 16 in flight", { scenario: "bytes" }, [
    ["written kB a task", "written_kb_per_task"],
    ["stored kB a task", "stored_kb_per_task"],
    ["written kB a step", "written_kb_per_step"],
    ["stored kB a step", "stored_kb_per_step"],
  ]);
}
