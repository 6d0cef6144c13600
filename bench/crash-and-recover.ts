import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "./case.ts";
import { type ChildSettings, killChild, startChild } from "./run-child.ts";
import { compareLogs, endsIn, readLog } from "./step-log.ts";

/** Steps that each workflow has finished on average when the process is killed. */
const FINISHED_STEPS = 4;
const POLL_MS = 20;
const GIVE_UP_MS = 60_000;
const SHORT_STEP_MS = 40;
const LONG_STEP_MS = 400;
const MANY_WORKFLOWS = 100;

/** Kills the process in the midst of its workflows, starts another one on the same store and reads what both did. */
export async function crashAndRecover(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const log = join(request.directory, "steps.log");
  const delayMs = request.workflows > MANY_WORKFLOWS ? LONG_STEP_MS : SHORT_STEP_MS;
  const crashing = startChild({ ...request, delayMs, log, scenario: "crash" }, settings);
  const enough = far(log, request.workflows * FINISHED_STEPS);
  await Promise.race([enough, crashing.ended]);
  await killChild(crashing);
  const before = await readLog(log);
  const spawnedAt = Date.now();
  const recovery = await startChild({ ...request, delayMs, log, scenario: "recover", spawnedAt }, settings)
    .ended;
  const after = (await readLog(log)).slice(before.length);
  return { workflows: request.workflows, ...recovery, ...compareLogs(before, after, spawnedAt) };
}

/** Resolves when so many steps have ended. */
async function far(log: string, steps: number): Promise<void> {
  const until = Date.now() + GIVE_UP_MS;
  while (endsIn(await readLog(log)).length < steps) {
    if (Date.now() > until) throw new Error("the workflows did not get far enough to be killed");
    await setTimeout(POLL_MS);
  }
}
