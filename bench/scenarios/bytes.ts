import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import pg from "pg";

import type { CaseRequest, Measurements } from "../case.ts";
import { Job } from "../job.ts";
import { inLanes } from "../lanes.ts";
import { rounded } from "../statistics.ts";
import type { OpenSystem } from "../system.ts";

const WARM_WORKFLOWS = 64;

/** Bytes written while workflows ran, and bytes that are left of them once the store is closed. */
export async function measureBytes(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const gauge = await openGauge(request);
  await runSome(request, open, { count: WARM_WORKFLOWS, prefix: "warm" });
  const [storedBefore, writtenBefore] = [await gauge.stored(), await gauge.written()];
  const steps = await runSome(request, open, { count: request.workflows, prefix: "measured" });
  const [written, stored] = [await gauge.written(), await gauge.stored()];
  await gauge.close();
  const tasks = request.workflows * (request.shape.chained + request.shape.parallel);
  const kb = (bytes: number, count: number): number | null => rounded(bytes / 1024 / count, 2);
  return {
    written_kb_per_task: kb(written - writtenBefore, tasks),
    stored_kb_per_task: kb(stored - storedBefore, tasks),
    written_kb_per_step: kb(written - writtenBefore, steps),
    stored_kb_per_step: kb(stored - storedBefore, steps),
  };
}

type Round = { readonly count: number; readonly prefix: string };

/** Answers with the number of steps. */
async function runSome(request: CaseRequest, open: OpenSystem, { count, prefix }: Round): Promise<number> {
  const system = await open(request, new Job(request.shape));
  await inLanes(count, request.concurrency, (index) => system.run(`${prefix}-${index}`));
  await system.close();
  return count * system.stepsPerWorkflow;
}

type Gauge = {
  readonly stored: () => Promise<number>;
  readonly written: () => Promise<number>;
  readonly close: () => Promise<void>;
};

async function openGauge({ directory, databaseUrl }: CaseRequest): Promise<Gauge> {
  if (databaseUrl === null) {
    return {
      stored: () => Promise.resolve(bytesIn(directory)),
      written: () => Promise.resolve(bytesWritten()),
      close: () => Promise.resolve(),
    };
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const number = async (expression: string): Promise<number> => {
    const { rows } = await client.query<{ value: string }>(`select ${expression} as value`);
    return Number(rows[0]?.value);
  };
  return {
    stored: () => number("pg_database_size(current_database())"),
    written: () => number("pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
    close: () => client.end(),
  };
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** What this process has given to write(), its threads included. Linux only. */
function bytesWritten(): number {
  const [, count] = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8")) ?? [];
  return Number(count);
}
