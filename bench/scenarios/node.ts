import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "../case.ts";
import { EndlessLanes } from "../endless-lanes.ts";
import { Job } from "../job.ts";
import { heardGo, sayReady } from "../parent.ts";
import { percentile, rounded } from "../statistics.ts";
import type { OpenSystem } from "../system.ts";

const WARM_UP_MS = 1_500;

/** One of the nodes on one database: what it does in the same seconds as the others. */
export async function measureNode(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = new Job(request.shape);
  const system = await open(request, job);
  const lanes = new EndlessLanes(request, system, job);
  await setTimeout(WARM_UP_MS);
  sayReady();
  await heardGo();
  job.reset();
  const [before, cpuBefore, started] = [job.performed, process.cpuUsage(), performance.now()];
  await setTimeout(request.seconds * 1000);
  const steps = job.performed - before;
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const gaps = [...job.gaps];
  await lanes.stop();
  await system.close();
  return {
    steps,
    steps_per_s: rounded(steps / seconds, 0),
    gap_p50_ms: rounded(percentile(gaps, 0.5)),
    gap_p99_ms: rounded(percentile(gaps, 0.99)),
    cpu_us_per_step: rounded((cpu.user + cpu.system) / steps, 1),
  };
}
