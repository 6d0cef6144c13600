// Sends requests from a process of its own and reports how long they took.
import { Agent, request as httpRequest } from "node:http";

import { inLanes } from "../lanes.ts";
import { percentile, rounded } from "../statistics.ts";
import type { LoadOrder, LoadReport } from "./run-load.ts";

const WARM_UP_MS = 1_000;

const order = JSON.parse(process.argv[2] ?? "") as LoadOrder;
const agent = new Agent({ keepAlive: true, maxSockets: order.connections });

let times: number[] = [];
let failures = 0;

async function send(): Promise<void> {
  const sent = performance.now();
  const status = await answered();
  if (status >= 200 && status < 300) times.push(performance.now() - sent);
  else failures += 1;
}

/** Status of the answer once all of it has come; 0 when none comes. */
function answered(): Promise<number> {
  const { port, path, method, body } = order;
  return new Promise((resolve) => {
    const headers = body === null ? {} : { "content-type": "application/json" };
    const outgoing = httpRequest({ agent, host: "127.0.0.1", port, path, method, headers }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve(incoming.statusCode ?? 0));
      incoming.on("error", () => resolve(0));
    });
    outgoing.on("error", () => resolve(0));
    outgoing.end(body ?? undefined);
  });
}

/** So many a second, whether or not the earlier ones are answered. */
async function atRate(perSecond: number, ms: number): Promise<void> {
  const started = performance.now();
  const count = Math.round((perSecond * ms) / 1000);
  const sent: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const due = Math.min(count, Math.floor(((performance.now() - started) * perSecond) / 1000));
      while (sent.length < due) sent.push(send());
      if (sent.length === count) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
  await Promise.all(sent);
}

/** Each connection sends its next request when the last one is answered. */
async function flatOut(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await inLanes(order.connections, order.connections, async () => {
    while (performance.now() < until) await send();
  });
}

const round = (ms: number): Promise<void> => (order.rate === null ? flatOut(ms) : atRate(order.rate, ms));

await round(WARM_UP_MS);
[times, failures] = [[], 0];
const started = performance.now();
await round(order.seconds * 1000);
const seconds = (performance.now() - started) / 1000;
agent.destroy();
const report: LoadReport = {
  answered: times.length,
  failures,
  per_s: rounded(times.length / seconds, 0),
  p50_ms: rounded(percentile(times, 0.5), 2),
  p99_ms: rounded(percentile(times, 0.99), 2),
  max_ms: rounded(percentile(times, 1), 2),
};
process.send?.(report);
process.disconnect?.();
