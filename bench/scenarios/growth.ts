import { setTimeout } from "node:timers/promises";

import type { App } from "../../src/app.ts";
import type { CaseRequest, Measurements } from "../case.ts";
import { heardClosing } from "../engine/engine-system.ts";
import { createNullExecutors } from "../engine/null-executors.ts";
import { createNullProvider } from "../engine/null-provider.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "../engine/open-engine-app.ts";
import { Job } from "../job.ts";
import { median, percentile, rounded } from "../statistics.ts";

const SHORT_JOB = 10;
/** Tasks whose workflow has about 10,000 events. */
const LONG_JOB = 1_400;
const PAGE = 100;
const READS = 300;
const POLL_MS = 2;

/** One workflow of very many steps: what each of them costs at the beginning and at the end, and what it costs to look. */
export async function measureGrowth(request: CaseRequest): Promise<Measurements> {
  const { chained } = request.shape;
  await runChain(request, 200, "warm", readings);
  const short = await runChain(request, SHORT_JOB, "short", readings);
  const long = await runChain(request, Math.min(LONG_JOB, chained), "long", readings);
  const gaps = await runReopened(request, chained, "whole");
  const tenth = Math.floor(gaps.length / 10);
  // The first half of the first tenth still pays for the compilation of code.
  const first = median(gaps.slice(Math.floor(tenth / 2), tenth + Math.floor(tenth / 2)));
  const last = median(gaps.slice(-tenth));
  return {
    tasks: chained,
    first_tenth_gap_ms: rounded(first),
    last_tenth_gap_ms: rounded(last),
    gap_growth: ratio(last, first),
    events_short: short.events,
    events_long: long.events,
    status_ms: rounded(long.statusMs),
    status_growth: ratio(long.statusMs, short.statusMs),
    page_ms: rounded(long.pageMs),
    page_growth: ratio(long.pageMs, short.pageMs),
  };
}

type Readings = { readonly events: number; readonly statusMs: number | null; readonly pageMs: number | null };
type Read = (app: App, workflow: string) => Promise<Readings>;

/** Runs one workflow and reads what it has become. */
async function runChain(
  request: CaseRequest,
  chained: number,
  workflow: string,
  read: Read,
): Promise<Readings> {
  const job = new Job({ chained, parallel: 0 });
  const app = await openWith(request, job);
  const closed = heardClosing(app, job, workflow);
  await app.engine.create(PRINCIPAL, REQUEST, workflow);
  await closed;
  const found = await read(app, workflow);
  await app.close(0);
  return found;
}

/** Runs one workflow whose engine is stopped half-way, so that the rest of it runs on a state that was read back. */
async function runReopened(
  request: CaseRequest,
  chained: number,
  workflow: string,
): Promise<readonly number[]> {
  const job = new Job({ chained, parallel: 0 });
  const first = await openWith(request, job);
  // Whoever listens has its price, which both halves pay.
  first.engine.subscribe(PRINCIPAL, workflow, () => undefined);
  await first.engine.create(PRINCIPAL, REQUEST, workflow);
  while (job.performed < chained / 2) await setTimeout(POLL_MS);
  await first.close(0);
  const second = await openWith(request, job);
  const closed = heardClosing(second, job, workflow);
  await second.engine.start();
  await closed;
  await second.close(0);
  return job.gaps;
}

function openWith(request: CaseRequest, job: Job): Promise<App> {
  return openEngineApp(request, {
    providers: [createNullProvider(job)],
    executors: createNullExecutors(job),
  });
}

/** The reads behind the status of a workflow and a page of its events, the newest there is. */
async function readings(app: App, workflow: string): Promise<Readings> {
  const storage = app.storage.forTenant(PRINCIPAL.tenant_id);
  const head = await storage.loadHead(workflow);
  const events = head?.version ?? 0;
  const after = Math.max(0, events - PAGE);
  return {
    events,
    statusMs: await medianOf(() => storage.loadHead(workflow)),
    pageMs: await medianOf(() => storage.readEvents(workflow, { after, limit: PAGE })),
  };
}

async function medianOf(read: () => Promise<unknown>): Promise<number | null> {
  const times: number[] = [];
  for (let index = 0; index < READS; index += 1) {
    const started = performance.now();
    await read();
    times.push(performance.now() - started);
  }
  return percentile(times.slice(READS / 10), 0.5);
}

function ratio(later: number | null, earlier: number | null): number | null {
  return later === null || earlier === null ? null : rounded(later / earlier, 2);
}
