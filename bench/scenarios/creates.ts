import type { CaseRequest, Measurements } from "../case.ts";
import { createNullExecutors } from "../engine/null-executors.ts";
import { createNullProvider } from "../engine/null-provider.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "../engine/open-engine-app.ts";
import { runLoad } from "../http/run-load.ts";
import { type Served, serveApp } from "../http/serve-app.ts";
import { serveHono } from "../http/serve-hono.ts";
import { Job } from "../job.ts";
import type { OpenSystem } from "../system.ts";

const CONNECTIONS = 50;
const BODY = JSON.stringify({ request: "a".repeat(1000) });

/** How many workflows a second can be handed in, each durable before it is answered; none of them is begun. */
export async function measureCreates(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const subject = await subjectOf(request, open);
  const report = await runLoad({
    port: subject.served.port,
    path: subject.path,
    method: "POST",
    body: BODY,
    connections: CONNECTIONS,
    rate: null,
    seconds: request.seconds,
  });
  await subject.served.close();
  await subject.close();
  return report;
}

type Subject = { readonly served: Served; readonly path: string; readonly close: () => Promise<void> };

async function subjectOf(request: CaseRequest, open: OpenSystem): Promise<Subject> {
  if (request.system.startsWith("orca")) return servedEngine(request);
  const read = (): object => ({});
  if (request.system === "plain-hono") {
    const served = await serveHono({ read, create: () => Promise.resolve() });
    return { served, path: "/", close: () => Promise.resolve() };
  }
  // A workflow without a step: its first and its last write.
  const system = await open(request, new Job({ chained: 0, parallel: 0 }));
  const served = await serveHono({ read, create: (index) => system.run(`created-${index}`) });
  return { served, path: "/", close: () => system.close() };
}

/** The only slot is taken by a workflow that hangs, so that the others are stored and wait. */
async function servedEngine(request: CaseRequest): Promise<Subject> {
  const job = new Job(request.shape, { holdAt: 0 });
  const app = await openEngineApp(
    { ...request, concurrency: 1 },
    { providers: [createNullProvider(job)], executors: createNullExecutors(job) },
  );
  await app.engine.start();
  await app.engine.create(PRINCIPAL, REQUEST, "first");
  await job.allHeld(1);
  const close = async (): Promise<void> => {
    const closed = app.close(0);
    job.release();
    await closed;
  };
  return { served: await serveApp(app), path: "/api/v1/workflows", close };
}
