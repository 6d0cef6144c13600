import type { Cell, Results } from "../results.ts";
import { table, type TableCell } from "./markdown.ts";
import { serviceTables } from "./service-tables.ts";
import { present, simpleTable } from "./simple-table.ts";

/** All tables of a run, as Markdown. */
export function renderTables(results: Results): string {
  return [
    ...rateTables(results),
    slowDiskTable(results),
    idleTable(results),
    heldTable(results),
    waitingTable(results),
    growthTable(results),
    crashTable(results),
    ...serviceTables(results),
    startupTable(results),
    failures(results),
  ]
    .filter((part) => part !== null)
    .join("\n\n");
}

function rateTables(results: Results): string[] {
  const rates = results.rows.filter((row) => row.scenario === "rate" && row.slow_fsync_us === 0);
  return [...new Set(rates.map((row) => row.job))].map((job) => {
    const widths = [...new Set(rates.filter((row) => row.job === job).map((row) => row.concurrency))];
    const tables = widths.map((concurrency) => rateTable(results, { scenario: "rate", job, concurrency }));
    return tables.join("\n\n");
  });
}

function rateTable(
  results: Results,
  cell: Cell & { readonly job: string; readonly concurrency: number },
): string {
  // With many in flight a gap is the time in the queue, and says no more than the rate does.
  const alone = cell.concurrency === 1;
  const gaps = ["gap p50 ms", "gap p99 ms", ...(alone ? ["gap p50 × raw"] : [])];
  const header = ["row", "workflows/s", "steps/s", ...gaps];
  const fans = !cell.job.endsWith("+0");
  const rows = present(results, cell).map((system) => {
    const own = { ...cell, system: system.id };
    const value = (name: string): number | null => results.median(own, name);
    const base = results.median({ ...cell, system: system.base }, "gap_p50_ms");
    return [
      system.title,
      value("workflows_per_s"),
      value("steps_per_s"),
      value("gap_p50_ms"),
      value("gap_p99_ms"),
      ...(alone ? [quotient(value("gap_p50_ms"), base)] : []),
      ...(fans ? [value("fan_p50_ms")] : []),
      value("cpu_us_per_step"),
      value("server_cpu_us_per_step"),
      value("rss_mb"),
    ];
  });
  const rest = [...(fans ? ["fan p50 ms"] : []), "CPU µs/step", "server CPU µs/step", "RSS MB"];
  return `### ${cell.job} tasks, ${cell.concurrency} in flight\n\n${table([...header, ...rest], rows)}`;
}

function slowDiskTable(results: Results): string | null {
  const slow = results.rows.filter((row) => row.scenario === "rate" && row.slow_fsync_us > 0);
  const [first] = slow;
  if (!first) return null;
  const rows = [...new Set(slow.map((row) => row.concurrency))].flatMap((concurrency) => {
    const cell = { scenario: "rate", concurrency, slow_fsync_us: first.slow_fsync_us };
    return present(results, cell).map((system): TableCell[] => {
      const own = { ...cell, system: system.id };
      return [
        system.title,
        concurrency,
        results.median(own, "steps_per_s"),
        results.median(own, "gap_p50_ms"),
      ];
    });
  });
  const title = `### ${first.slow_fsync_us / 1000} ms more for every sync, ${first.job} tasks`;
  return `${title}\n\n${table(["row", "in flight", "steps/s", "gap p50 ms"], rows)}`;
}

function idleTable(results: Results): string | null {
  return simpleTable(results, "An idle engine gets one workflow of 10 tasks", { scenario: "idle" }, [
    ["first step p50 ms", "first_step_p50_ms"],
    ["first step max ms", "first_step_max_ms"],
    ["submitter knows it is completed, p50 ms", "completed_p50_ms"],
    ["closed p50 ms", "closed_p50_ms"],
  ]);
}

function heldTable(results: Results): string | null {
  return simpleTable(results, "Memory of workflows in flight, each in its fifth task", { scenario: "hold" }, [
    ["workflows", "workflows"],
    ["heap kB each", "heap_kb_per_workflow"],
    ["RSS kB each", "rss_kb_per_workflow"],
  ]);
}

function waitingTable(results: Results): string | null {
  return simpleTable(results, "Memory of workflows that wait for a person", { scenario: "waiting" }, [
    ["workflows", "workflows"],
    ["heap kB each", "heap_kb_per_workflow"],
    ["heap with : without", "heap_ratio"],
    ["RSS with : without", "rss_ratio"],
    ["RSS MB after a restart on them", "reopened_rss_mb"],
    ["RSS MB after a start on none", "empty_rss_mb"],
  ]);
}

function growthTable(results: Results): string | null {
  return simpleTable(results, "One long workflow", { scenario: "growth" }, [
    ["tasks", "tasks"],
    ["gap p50 ms, first tenth", "first_tenth_gap_ms"],
    ["last tenth", "last_tenth_gap_ms"],
    ["growth", "gap_growth"],
    ["events, long", "events_long"],
    ["events, short", "events_short"],
    ["status read ms, long", "status_ms"],
    ["long : short", "status_growth"],
    ["page of 100 events ms, long", "page_ms"],
    ["long : short", "page_growth"],
  ]);
}

function crashTable(results: Results): string | null {
  const counts = new Set(
    results.rows.filter(({ scenario }) => scenario === "crash").map(({ workflows }) => workflows),
  );
  const tables = [...counts].map((workflows) =>
    simpleTable(results, `kill -9 with ${workflows} workflows in flight`, { scenario: "crash", workflows }, [
      ["steps ended before", "ended_before_kill"],
      ["finished steps run again", "redone_finished"],
      ["ended steps run again", "redone_ended"],
      ["ready ms", "ready_ms"],
      ["first back ms", "first_back_ms"],
      ["last back ms", "last_back_ms"],
      ["all done ms", "all_done_ms"],
    ]),
  );
  return tables.length === 0 ? null : tables.filter((part) => part !== null).join("\n\n");
}

function startupTable(results: Results): string | null {
  const rows = results.rows
    .filter(({ scenario, error }) => (scenario === "startup" || scenario === "install") && error === null)
    .flatMap(({ system, measured }) =>
      Object.entries(measured).map(([name, value]): TableCell[] => [`${system}: ${name}`, value]),
    );
  return rows.length === 0 ? null : `### Start and size\n\n${table(["what", "value"], rows)}`;
}

function failures(results: Results): string | null {
  const lines = results.rows
    .filter(({ error }) => error !== null)
    .map((row) => `- ${row.system} ${row.scenario} ${row.job} c=${row.concurrency}: ${row.error}`);
  return lines.length === 0 ? null : `### Not measured\n\n${lines.join("\n")}`;
}

function quotient(value: number | null, base: number | null): number | null {
  return value === null || base === null ? null : value / base;
}
