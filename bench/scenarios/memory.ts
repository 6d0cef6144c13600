import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "../case.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "../engine/open-engine-app.ts";
import { Job } from "../job.ts";
import { inLanes } from "../lanes.ts";
import { settledMemory } from "../process-usage.ts";
import { rounded } from "../statistics.ts";
import type { OpenSystem } from "../system.ts";

const HELD_TASK = 4;
const LANES = 64;

/** Memory of workflows whose fifth task hangs, as in front of a slow model. */
export async function measureHeld(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const { workflows } = request;
  const job = new Job(request.shape, { holdAt: HELD_TASK });
  const system = await open({ ...request, concurrency: workflows }, job);
  const before = await atRest();
  const running = Promise.all(Array.from({ length: workflows }, (_, index) => system.run(`held-${index}`)));
  await job.allHeld(workflows);
  const held = await atRest();
  job.release();
  await running;
  await system.close();
  return {
    workflows,
    heap_kb_per_workflow: perWorkflow(held.heap - before.heap, workflows),
    rss_kb_per_workflow: perWorkflow(held.rss - before.rss, workflows),
  };
}

/**
 * Memory of workflows that wait for a person: here, for somebody to connect a model. As many that were cancelled come
 * before them, so that the process has done the same work and only the waiting is new.
 */
export async function measureWaiting(request: CaseRequest): Promise<Measurements> {
  const { workflows } = request;
  const app = await openEngineApp(request, { providers: [] }, null);
  await inLanes(workflows, LANES, async (index) => {
    await app.engine.create(PRINCIPAL, REQUEST, `cancelled-${index}`);
    await app.engine.cancel(PRINCIPAL, `cancelled-${index}`);
  });
  const before = await atRest();
  await inLanes(workflows, LANES, async (index) => {
    await app.engine.create(PRINCIPAL, REQUEST, `waiting-${index}`);
  });
  const waiting = await atRest();
  await app.close(0);
  return {
    workflows,
    heap_kb_per_workflow: perWorkflow(waiting.heap - before.heap, workflows),
    rss_ratio: rounded(waiting.rss / before.rss),
    heap_ratio: rounded(waiting.heap / before.heap),
  };
}

/** Memory of an engine that was started on whatever waits in the store. */
export async function measureReopened(request: CaseRequest): Promise<Measurements> {
  const app = await openEngineApp(request, { providers: [] }, null);
  await app.engine.start();
  const { heap, rss } = await atRest();
  await app.close(0);
  return { heap_mb: rounded(heap / 1_048_576, 2), rss_mb: rounded(rss / 1_048_576, 2) };
}

async function atRest(): Promise<{ heap: number; rss: number }> {
  settledMemory();
  await setTimeout(300);
  return settledMemory();
}

function perWorkflow(bytes: number, workflows: number): number | null {
  return rounded(bytes / 1024 / workflows, 2);
}
