import type { CaseRequest, Measurements } from "../case.ts";
import { Job } from "../job.ts";
import type { OpenSystem } from "../system.ts";

/** Starts the workflows; the parent kills this process in the midst of them. */
export async function runUntilKilled(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const system = await open({ ...request, concurrency: request.workflows }, jobOf(request));
  await Promise.all(crashedWorkflows(request).map((workflow) => system.run(workflow)));
  throw new Error("every workflow was done before the kill; nothing was measured");
}

/** Opens what the killed process has left and finishes it. */
export async function recover(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const system = await open({ ...request, concurrency: request.workflows }, jobOf(request));
  const ready = Date.now();
  await system.resume(crashedWorkflows(request));
  const done = Date.now();
  await system.close();
  return { ready_ms: ready - request.spawnedAt, all_done_ms: done - request.spawnedAt };
}

function crashedWorkflows({ workflows }: Pick<CaseRequest, "workflows">): string[] {
  return Array.from({ length: workflows }, (_, index) => `crash-${index}`);
}

function jobOf({ shape, delayMs, log }: CaseRequest): Job {
  return new Job(shape, { delayMs, ...(log === null ? {} : { log }) });
}
