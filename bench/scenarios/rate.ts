import type { CaseRequest, Measurements } from "../case.ts";
import { Job } from "../job.ts";
import { inLanes } from "../lanes.ts";
import { treeCpuMs } from "../process-usage.ts";
import { percentile, rounded } from "../statistics.ts";
import type { OpenSystem, System } from "../system.ts";

const WARM_ROUND_S = 0.25;
const WARM_UP_MS = 500;
const LONE_WARM_UP_MS = 1200;

/** Throughput, gaps and CPU with a fixed number of workflows in flight. */
export async function measureRate(request: CaseRequest, open: OpenSystem): Promise<Measurements> {
  const job = new Job(request.shape);
  const system = await open(request, job);
  const { serverPid } = request;
  const round = await warmUp(request, system, job);
  const steady = Math.ceil((round.count / round.seconds) * request.seconds);
  const count = Math.max(steady, Math.min(request.concurrency * 2, 128), 3);
  job.reset();
  const serverBefore = serverPid === null ? 0 : treeCpuMs(serverPid);
  const before = process.cpuUsage();
  const seconds = await timed(request, { system, job, count, prefix: "measured" });
  const cpu = process.cpuUsage(before);
  const steps = count * system.stepsPerWorkflow;
  const server = serverPid === null ? null : ((treeCpuMs(serverPid) - serverBefore) * 1000) / steps;
  const measured = {
    workflows_per_s: rounded(count / seconds, 1),
    steps_per_s: rounded(steps / seconds, 0),
    gap_p50_ms: rounded(percentile(job.gaps, 0.5)),
    gap_p99_ms: rounded(percentile(job.gaps, 0.99)),
    fan_p50_ms: rounded(percentile(job.fans, 0.5)),
    cpu_us_per_step: rounded((cpu.user + cpu.system) / steps, 1),
    server_cpu_us_per_step: rounded(server, 1),
    rss_mb: rounded(process.memoryUsage().rss / 1_048_576, 0),
    steps,
  };
  await system.close();
  return measured;
}

type Round = { readonly system: System; readonly job: Job; readonly count: number; readonly prefix: string };

async function timed(request: CaseRequest, { system, job, count, prefix }: Round): Promise<number> {
  const started = performance.now();
  await inLanes(count, request.concurrency, async (index) => {
    const workflow = `${prefix}-${index}`;
    await system.run(workflow);
    job.take(workflow);
  });
  return (performance.now() - started) / 1000;
}

/** Runs until the code is compiled and the connections stand; answers with the last round, for its rate. */
async function warmUp(
  request: CaseRequest,
  system: System,
  job: Job,
): Promise<{ count: number; seconds: number }> {
  // One workflow at a time takes longer to make code hot.
  const least = request.concurrency === 1 ? LONE_WARM_UP_MS : WARM_UP_MS;
  const until = performance.now() + Math.min(least, request.seconds * 1200);
  let count = Math.max(request.concurrency, 4);
  for (let round = 0; ; round += 1) {
    const seconds = await timed(request, { system, job, count, prefix: `warm-${round}` });
    if (performance.now() >= until) return { count, seconds };
    if (seconds < WARM_ROUND_S) count = Math.min(count * 2, 4000);
  }
}
