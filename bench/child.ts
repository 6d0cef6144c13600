// One case in a process of its own: it is told what to measure by its argument and answers over IPC.
import { setTimeout } from "node:timers/promises";

import type { CaseRequest, ChildScenario, Measurements } from "./case.ts";
import { sayMeasured } from "./parent.ts";
import type { OpenSystem } from "./system.ts";
import { systemById } from "./systems.ts";

type Measure = (request: CaseRequest, open: OpenSystem) => Promise<Measurements>;

const CLOSING_MS = 200;

/** Loaded one by one: what a raw row needs to start must not count what the others import. */
const MEASURES: Readonly<Record<ChildScenario, () => Promise<Measure>>> = {
  rate: async () => (await import("./scenarios/rate.ts")).measureRate,
  idle: async () => (await import("./scenarios/idle.ts")).measureIdle,
  hold: async () => (await import("./scenarios/memory.ts")).measureHeld,
  waiting: async () => (await import("./scenarios/memory.ts")).measureWaiting,
  reopened: async () => (await import("./scenarios/memory.ts")).measureReopened,
  growth: async () => (await import("./scenarios/growth.ts")).measureGrowth,
  crash: async () => (await import("./scenarios/crash.ts")).runUntilKilled,
  recover: async () => (await import("./scenarios/crash.ts")).recover,
  begun: async () => (await import("./scenarios/crash.ts")).beginUntilKilled,
  returned: async () => (await import("./scenarios/crash.ts")).returnToSteps,
  ending: async () => (await import("./scenarios/crash.ts")).endUntilKilled,
  bytes: async () => (await import("./scenarios/bytes.ts")).measureBytes,
  streams: async () => (await import("./scenarios/streams.ts")).measureStreams,
  reads: async () => (await import("./scenarios/reads.ts")).measureReads,
  creates: async () => (await import("./scenarios/creates.ts")).measureCreates,
  node: async () => (await import("./scenarios/node.ts")).measureNode,
  feed: async () => (await import("./scenarios/feed.ts")).measureFeed,
};

async function measure(request: CaseRequest): Promise<Measurements> {
  const measureCase = await MEASURES[request.scenario]();
  return measureCase(request, async (place, job) => (await systemById(request.system).open())(place, job));
}

const orphaned = (): never => process.exit(1);
process.once("disconnect", orphaned);
const measured = await measure(JSON.parse(process.argv[2] ?? "") as CaseRequest);
sayMeasured(measured);
// A profile, if one is taken, is written when the process ends by itself.
process.off("disconnect", orphaned);
process.disconnect?.();
await setTimeout(CLOSING_MS, null, { ref: false });
