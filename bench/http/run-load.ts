import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const LOAD = fileURLToPath(new URL("./load.ts", import.meta.url));

export type LoadOrder = {
  readonly port: number;
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly body: string | null;
  readonly connections: number;
  /** Requests a second; null sends as many as are answered. */
  readonly rate: number | null;
  readonly seconds: number;
};

export type LoadReport = {
  readonly answered: number;
  readonly failures: number;
  readonly per_s: number | null;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
};

/** Measures from another process, as clients do. */
export async function runLoad(order: LoadOrder): Promise<LoadReport> {
  // Without the flags of the measured process: a profile of the clients would overwrite nothing but patience.
  const load = fork(LOAD, [JSON.stringify(order)], { execArgv: ["--no-warnings"] });
  const exited = once(load, "exit");
  const [report] = (await Promise.race([
    once(load, "message"),
    exited.then(([code]) => Promise.reject(new Error(`the sender of requests ended with ${String(code)}`))),
  ])) as [LoadReport];
  await exited;
  return report;
}
