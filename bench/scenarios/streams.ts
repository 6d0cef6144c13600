import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "../case.ts";
import { engineFanOut, type FanOut, rawFanOut } from "../http/fan-out.ts";
import { StreamClients, type StreamReport } from "../http/run-stream-clients.ts";
import { settledMemory } from "../process-usage.ts";
import { rounded } from "../statistics.ts";

const EVENTS = 100;
const WARMING = 100;
const EVERY_MS = 50;
const TEXT = "x".repeat(300);

/** A client that reads nothing needs more than the kernel keeps for it before anybody else could feel it. */
const FEW_CLIENTS = 20;
const LARGE_EVENTS = 80;
const LARGE_TEXT = "x".repeat(100_000);
const LARGE_EVERY_MS = 25;

const SETTLE_MS = 500;

/** What it costs to send events to many clients, and whether one that does not read slows the others down. */
export async function measureStreams(request: CaseRequest): Promise<Measurements> {
  const fan = request.system.startsWith("orca") ? await engineFanOut(request) : await rawFanOut();
  const { workflows: clients } = request;
  // The first clients pay for the compilation of code.
  const first = await StreamClients.open({ port: fan.port, path: fan.path(), clients: WARMING, deaf: 0 });
  await first.close();
  await setTimeout(SETTLE_MS);
  const many = await toMany(fan, clients);
  const without = await toFew(fan, 0);
  const beside = await toFew(fan, 1);
  await fan.close();
  return {
    clients,
    ...many,
    few_clients: FEW_CLIENTS,
    few_p99_ms: without.p99_ms,
    few_beside_deaf_p99_ms: beside.p99_ms,
    deaf_lost_events: FEW_CLIENTS * LARGE_EVENTS - beside.delivered,
  };
}

async function toMany(fan: FanOut, count: number): Promise<Measurements> {
  const idle = settledMemory();
  const clients = await StreamClients.open({ port: fan.port, path: fan.path(), clients: count, deaf: 0 });
  await setTimeout(SETTLE_MS);
  const connected = settledMemory();
  const { arrived } = await clients.expect(count * EVENTS);
  const before = process.cpuUsage();
  await emitAll(fan, { events: EVENTS, everyMs: EVERY_MS, text: TEXT });
  await arrived;
  const cpu = process.cpuUsage(before);
  const report = await clients.report(fan.sent);
  await clients.close();
  return {
    delivered: report.delivered,
    lost: count * EVENTS - report.delivered,
    cpu_us_per_delivery: rounded((cpu.user + cpu.system) / (count * EVENTS), 2),
    p50_ms: report.p50_ms,
    p99_ms: report.p99_ms,
    max_ms: report.max_ms,
    rss_kb_per_client: rounded((connected.rss - idle.rss) / 1024 / count, 1),
    heap_kb_per_client: rounded((connected.heap - idle.heap) / 1024 / count, 1),
  };
}

/** Large events to a few clients, with some beside them that never read. */
async function toFew(fan: FanOut, deaf: number): Promise<StreamReport> {
  await setTimeout(SETTLE_MS);
  const clients = await StreamClients.open({ port: fan.port, path: fan.path(), clients: FEW_CLIENTS, deaf });
  await setTimeout(SETTLE_MS);
  const { arrived } = await clients.expect(FEW_CLIENTS * LARGE_EVENTS);
  await emitAll(fan, { events: LARGE_EVENTS, everyMs: LARGE_EVERY_MS, text: LARGE_TEXT });
  await arrived;
  const report = await clients.report(fan.sent);
  await clients.close();
  return report;
}

type Emission = { readonly events: number; readonly everyMs: number; readonly text: string };

/** Keeps its times however long each emission takes. */
async function emitAll(fan: FanOut, { events, everyMs, text }: Emission): Promise<void> {
  const started = performance.now();
  for (let index = 0; index < events; index += 1) {
    await setTimeout(Math.max(0, started + index * everyMs - performance.now()));
    fan.emit(text);
  }
}
