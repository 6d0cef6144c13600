import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

import type { PostgresServer } from "./postgres-server.ts";
import { percentile, rounded } from "./statistics.ts";

export type Machine = { readonly [fact: string]: string };

const APPENDS = 200;

/** What the figures depend on besides the code. */
export async function describeMachine(directory: string, postgres: PostgresServer | null): Promise<Machine> {
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${all[0]?.model.trim() ?? "unknown"}, ${all.length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${process.platform} ${release()}`,
    node: `${process.version}, SQLite ${process.versions["sqlite"] ?? "unknown"}`,
    postgresql: postgres === null ? "not started" : `${postgres.version} (${postgres.settings})`,
    "fsync of a 4 kB append, p50": `${rounded(await fsyncMs(directory), 2)} ms`,
    "load average at the start": loadavg()
      .map((load) => load.toFixed(2))
      .join(" "),
  };
}

async function fsyncMs(directory: string): Promise<number | null> {
  const file = join(directory, "appends");
  const descriptor = openSync(file, "w");
  const page = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let index = 0; index < APPENDS; index += 1) {
    writeSync(descriptor, page);
    const started = performance.now();
    fsyncSync(descriptor);
    times.push(performance.now() - started);
  }
  closeSync(descriptor);
  await rm(file);
  return percentile(times, 0.5);
}
