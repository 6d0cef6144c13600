import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "../case.ts";
import { Job } from "../job.ts";
import { percentile, rounded } from "../statistics.ts";
import type { OpenSystem } from "../system.ts";

const UNCOUNTED = 3;

/** An engine with nothing to do gets one workflow now and then, as people send them. */
export async function measureIdle(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = new Job(request.shape);
  const system = await open(request, job);
  const firstSteps: number[] = [];
  const completions: number[] = [];
  const closings: number[] = [];
  for (let index = 0; index < UNCOUNTED + request.workflows; index += 1) {
    await setTimeout(120 + 17 * (index % 7));
    const workflow = `idle-${index}`;
    const submitted = performance.now();
    await system.run(workflow);
    const closed = performance.now();
    const { firstStart = closed, completed = closed } = job.take(workflow);
    if (index < UNCOUNTED) continue;
    firstSteps.push(firstStart - submitted);
    completions.push(completed - submitted);
    closings.push(closed - submitted);
  }
  await system.close();
  return {
    first_step_p50_ms: rounded(percentile(firstSteps, 0.5), 2),
    first_step_max_ms: rounded(Math.max(...firstSteps), 2),
    completed_p50_ms: rounded(percentile(completions, 0.5), 2),
    closed_p50_ms: rounded(percentile(closings, 0.5), 2),
  };
}
