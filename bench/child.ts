// One case in a process of its own: it is told what to measure by its argument and answers over IPC.
import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "./case.ts";
import { recover, runUntilKilled } from "./scenarios/crash.ts";
import { measureGrowth } from "./scenarios/growth.ts";
import { measureIdle } from "./scenarios/idle.ts";
import { measureHeld, measureReopened, measureWaiting } from "./scenarios/memory.ts";
import { measureRate } from "./scenarios/rate.ts";
import { systemById } from "./systems.ts";

const CLOSING_MS = 200;

async function measure(request: CaseRequest): Promise<Measurements> {
  const open = await systemById(request.system).open();
  switch (request.scenario) {
    case "rate":
      return measureRate(request, open);
    case "idle":
      return measureIdle(request, open);
    case "hold":
      return measureHeld(request, open);
    case "waiting":
      return measureWaiting(request);
    case "reopened":
      return measureReopened(request);
    case "growth":
      return measureGrowth(request);
    case "crash":
      return runUntilKilled(request, open);
    case "recover":
      return recover(request, open);
  }
}

const orphaned = (): never => process.exit(1);
process.once("disconnect", orphaned);
const measured = await measure(JSON.parse(process.argv[2] ?? "") as CaseRequest);
process.send?.(measured);
// A profile, if one is taken, is written when the process ends by itself.
process.off("disconnect", orphaned);
process.disconnect?.();
await setTimeout(CLOSING_MS, null, { ref: false });
