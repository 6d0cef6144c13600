import type { CaseRequest, Measurements } from "../case.ts";
import { EndlessLanes } from "../endless-lanes.ts";
import { engineSystem } from "../engine/engine-system.ts";
import { createNullExecutors } from "../engine/null-executors.ts";
import { createNullProvider } from "../engine/null-provider.ts";
import { openEngineApp } from "../engine/open-engine-app.ts";
import { runLoad } from "../http/run-load.ts";
import { type Served, serveApp } from "../http/serve-app.ts";
import { serveHono } from "../http/serve-hono.ts";
import { Job } from "../job.ts";
import { rounded } from "../statistics.ts";
import type { OpenSystem, System } from "../system.ts";

const READS_PER_S = 300;
const CONNECTIONS = 10;
const SHOWN = "shown";

/** How long a read takes while the same process runs workflows as fast as it can, or none. */
export async function measureReads(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = new Job(request.shape);
  const { system, served, path } = await (request.system.startsWith("orca")
    ? servedEngine(request, job)
    : servedRaw(request, open, job));
  const lanes = new EndlessLanes({ prefix: "behind-", concurrency: request.concurrency }, system, job);
  const [before, started] = [job.performed, performance.now()];
  const report = await runLoad({
    port: served.port,
    path,
    method: "GET",
    body: null,
    connections: CONNECTIONS,
    rate: READS_PER_S,
    seconds: request.seconds,
  });
  const steps = ((job.performed - before) * 1000) / (performance.now() - started);
  await lanes.stop();
  await served.close();
  await system.close();
  return { ...report, steps_per_s: rounded(steps, 0) };
}

type Subject = { readonly system: System; readonly served: Served; readonly path: string };

async function servedEngine(request: CaseRequest, job: Job): Promise<Subject> {
  const app = await openEngineApp(
    { ...request, concurrency: Math.max(1, request.concurrency) },
    { providers: [createNullProvider(job)], executors: createNullExecutors(job) },
  );
  const system = engineSystem(app, job);
  await system.run(SHOWN);
  return { system, served: await serveApp(app), path: `/api/v1/workflows/${SHOWN}` };
}

async function servedRaw(request: CaseRequest, open: OpenSystem, job: Job): Promise<Subject> {
  const system = await open(request, job);
  const served = await serveHono({ read: () => ({ hello: "world" }), create: () => Promise.resolve() });
  return { system, served, path: "/" };
}
