import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

import pg from "pg";

import type { StepContext } from "../../src/engine/step-executor.ts";
import type { CaseRequest, Measurements } from "../case.ts";
import { createNullExecutors } from "../engine/null-executors.ts";
import { createNullProvider } from "../engine/null-provider.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "../engine/open-engine-app.ts";
import { Job } from "../job.ts";
import { percentile, rounded } from "../statistics.ts";

const UNCOUNTED = 20;
const EVENTS = 200;
const PAUSE_MS = 5;
/** How long one event may take before the feed counts as broken. */
const PATIENCE_MS = 5_000;

/** From the moment somebody wants something written until a listener on another connection or node hears of it. */
export async function measureFeed(request: CaseRequest): Promise<Measurements> {
  const feed = await (request.system.startsWith("orca") ? engineFeed(request) : notifyFeed(request));
  const times: number[] = [];
  for (let index = 0; index < UNCOUNTED + EVENTS; index += 1) {
    await setTimeout(PAUSE_MS);
    const heard = feed.nextHeard();
    const started = performance.now();
    await feed.write(index);
    await Promise.race([heard, silence()]);
    if (index >= UNCOUNTED) times.push(performance.now() - started);
  }
  await feed.close();
  return {
    events: EVENTS,
    heard_p50_ms: rounded(percentile(times, 0.5)),
    heard_p99_ms: rounded(percentile(times, 0.99)),
    heard_max_ms: rounded(percentile(times, 1)),
  };
}

async function silence(): Promise<never> {
  await setTimeout(PATIENCE_MS, null, { ref: false });
  throw new Error(`the other side heard nothing for ${PATIENCE_MS / 1000} s`);
}

type Feed = {
  readonly write: (index: number) => Promise<void>;
  readonly nextHeard: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** One who listens and may be asked for the next thing heard. */
function ear(): { readonly hear: () => void; readonly next: () => Promise<void> } {
  let waiting: (() => void)[] = [];
  return {
    hear: () => {
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    next: () => new Promise((resolve) => void waiting.push(resolve)),
  };
}

async function notifyFeed({ databaseUrl }: CaseRequest): Promise<Feed> {
  const [writer, listener] = [databaseUrl, databaseUrl].map(
    (url) => new pg.Client({ connectionString: url ?? "" }),
  );
  if (!writer || !listener) throw new Error("two connections are needed");
  await Promise.all([writer.connect(), listener.connect()]);
  const { hear, next } = ear();
  listener.on("notification", hear);
  await listener.query("listen news");
  await writer.query("create table written (number integer)");
  return {
    write: async (index) => {
      await writer.query(`begin; insert into written values (${index}); notify news, '${index}'; commit`);
    },
    nextHeard: next,
    close: async () => {
      await Promise.all([writer.end(), listener.end()]);
    },
  };
}

/** Two nodes in this process: one runs a task that journals facts, somebody listens at the other one. */
async function engineFeed(request: CaseRequest): Promise<Feed> {
  const job = new Job(request.shape);
  const task = Promise.withResolvers<StepContext>();
  const held = async (context: StepContext): Promise<never> => {
    task.resolve(context);
    await once(context.signal, "abort");
    throw context.signal.reason;
  };
  const open = () =>
    openEngineApp(
      { ...request, concurrency: 1 },
      { providers: [createNullProvider(job)], executors: { ...createNullExecutors(job), task: held } },
    );
  const working = await open();
  const listening = await open();
  await working.engine.start();
  await listening.engine.start();
  const { hear, next } = ear();
  await working.engine.create(PRINCIPAL, REQUEST, "fed");
  const { record } = await task.promise;
  listening.engine.subscribe(PRINCIPAL, "fed", (published) => {
    if (published.some(({ event }) => event.type === "contract.violated")) hear();
  });
  const payload = { role: "implementer", fields: [], problem: "x".repeat(200) } as const;
  return {
    write: () => {
      record([{ type: "contract.violated", payload: { ...payload, fields: [] } }]);
      return Promise.resolve();
    },
    nextHeard: next,
    close: async () => {
      await working.close(0);
      await listening.close(0);
    },
  };
}
