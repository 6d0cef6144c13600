import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { Measurements } from "./case.ts";
import { median, rounded } from "./statistics.ts";

const STARTS = 7;
const START_TIMEOUT_MS = 20_000;

/** `node -e 0` from spawn to exit, and `orca serve` from spawn to the line that says ready, taking turns. */
export async function measureStartup(program: string, directory: string): Promise<Measurements> {
  const bare: number[] = [];
  const first: number[] = [];
  const again: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    bare.push(await bareNode());
    const data = await mkdtemp(join(directory, "startup-"));
    first.push(await serveUntilReady(program, data));
    again.push(await serveUntilReady(program, data));
    await rm(data, { recursive: true, force: true });
  }
  const [bareMs, firstMs, againMs] = [median(bare), median(first), median(again)];
  return {
    bare_node_ms: rounded(bareMs, 0),
    new_store_ready_ms: rounded(firstMs, 0),
    ready_ms: rounded(againMs, 0),
    ready_over_bare: bareMs === null || againMs === null ? null : rounded(againMs / bareMs, 1),
  };
}

async function bareNode(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - started;
}

async function serveUntilReady(program: string, data: string): Promise<number> {
  const started = performance.now();
  const server = spawn(process.execPath, [program, "serve", "--port", "0", "--json", "--data-dir", data], {
    cwd: data,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: START_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-500);
  });
  const exited = once(server, "exit");
  let ready: number | null = null;
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes('"ready"')) continue;
    ready = performance.now() - started;
    server.kill("SIGTERM");
  }
  await exited;
  if (ready === null) throw new Error(`orca serve did not become ready: ${said}`);
  return ready;
}
