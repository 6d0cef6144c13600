import { join } from "node:path";

import type { CaseRequest, Measurements } from "./case.ts";
import { type ChildSettings, killChild, startChild } from "./run-child.ts";
import { compareLogs, readLog } from "./step-log.ts";

/** Kills a process all of whose workflows have begun a step, and starts another one on the same store. */
export async function killAndReturn(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const log = join(request.directory, "steps.log");
  const begun = startChild({ ...request, log, scenario: "begun" }, settings);
  await begun.ready;
  await killChild(begun);
  const before = await readLog(log);
  const spawnedAt = Date.now();
  const returned = await startChild({ ...request, log, scenario: "returned", spawnedAt }, settings).ended;
  const after = (await readLog(log)).slice(before.length);
  return { workflows: request.workflows, ...returned, ...compareLogs(before, after, spawnedAt) };
}

/** The same with a second node that lives on: times count from the kill. */
export async function killAndTakeOver(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const logs = {
    begun: join(request.directory, "begun.log"),
    standby: join(request.directory, "standby.log"),
  };
  const standby = startChild({ ...request, log: logs.standby, scenario: "returned" }, settings);
  await standby.ready;
  const begun = startChild({ ...request, log: logs.begun, scenario: "begun" }, settings);
  await Promise.race([begun.ready, standby.ended]);
  const killedAt = Date.now();
  await killChild(begun);
  const { all_done_ms: _sinceSpawn, ready_ms: _readyBefore, ...rest } = await standby.ended;
  const [before, after] = [await readLog(logs.begun), await readLog(logs.standby)];
  return { workflows: request.workflows, ...rest, ...compareLogs(before, after, killedAt) };
}
