import type { CaseRequest, Measurements } from "../case.ts";
import { Job, type JobOptions } from "../job.ts";
import { heardGo, sayReady } from "../parent.ts";
import type { OpenSystem, System } from "../system.ts";

/** Task in which the workflows of a recovery stand at the kill. */
const HELD_TASK = 4;
/** Task whose end is cut short by a kill. */
const ENDING_TASK = 0;

/** Starts the workflows; the parent kills this process in the midst of them. */
export async function runUntilKilled(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const system = await openFor(request, open, jobOf(request));
  await runAll(request, system);
  throw new Error("every workflow was done before the kill; nothing was measured");
}

/** Opens what the killed process has left and finishes it. */
export async function recover(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const system = await openFor(request, open, jobOf(request));
  const ready = Date.now();
  const { over } = await system.resume(crashedWorkflows(request));
  await over;
  const done = Date.now();
  await system.close();
  return { ready_ms: ready - request.spawnedAt, all_done_ms: done - request.spawnedAt };
}

/** Every workflow has begun a step that does not end; then the parent kills this process. */
export async function beginUntilKilled(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = jobOf(request, { holdAt: HELD_TASK });
  const system = await openFor(request, open, job);
  const running = runAll(request, system);
  await Promise.race([job.allHeld(request.workflows), running]);
  sayReady();
  await running;
  throw new Error("the kill did not come");
}

/** Opens what the killed process has left, until every workflow is back in its step; then finishes it. */
export async function returnToSteps(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = jobOf(request, { holdAt: HELD_TASK });
  const system = await openFor(request, open, job);
  const ready = Date.now();
  const { over } = await system.resume(crashedWorkflows(request));
  // A node that stands by has nothing to do before the other one is dead.
  sayReady();
  await Promise.race([job.allHeld(request.workflows), over]);
  job.release();
  await over;
  const done = Date.now();
  await system.close();
  return { ready_ms: ready - request.spawnedAt, all_done_ms: done - request.spawnedAt };
}

/** A step of every workflow ends at the same moment; the parent kills this process while that is written. */
export async function endUntilKilled(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = jobOf(request, { holdAt: ENDING_TASK });
  const system = await openFor(request, open, job);
  const running = runAll(request, system);
  await Promise.race([job.allHeld(request.workflows), running]);
  sayReady();
  await heardGo();
  job.release();
  await running;
  throw new Error("every workflow was done before the kill; nothing was measured");
}

function openFor(request: CaseRequest, open: OpenSystem, job: Job): Promise<System> {
  return open({ ...request, concurrency: request.workflows }, job);
}

async function runAll(request: CaseRequest, system: System): Promise<void> {
  await Promise.all(crashedWorkflows(request).map((workflow) => system.run(workflow)));
}

function crashedWorkflows({ workflows }: Pick<CaseRequest, "workflows">): string[] {
  return Array.from({ length: workflows }, (_, index) => `crash-${index}`);
}

function jobOf({ shape, delayMs, log }: CaseRequest, options: JobOptions = {}): Job {
  return new Job(shape, { ...options, delayMs, ...(log === null ? {} : { log }) });
}
