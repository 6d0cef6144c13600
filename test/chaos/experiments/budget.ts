import { setTimeout as sleep } from "node:timers/promises";

import { provenWrong } from "../proven-wrong.ts";
import { readReferee } from "../referee.ts";
import { type ExperimentOptions, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 3;
const TENANT = "north";
const USD_PER_TOKEN = 0.00001;
const PRICE = { input_per_million: USD_PER_TOKEN * 1e6, output_per_million: USD_PER_TOKEN * 1e6 };
/** Longer than any answer of the fake provider, so that the worst case of a call is near to what it takes. */
const LONGEST_ANSWER_TOKENS = 3_000;
/** About a third of what a workflow takes. */
const USD_PER_WORKFLOW = 0.12;
const ENOUGH_USD = 1_000;
const PATIENCE_MS = 120_000;
const POLL_MS = 100;
const EVENTS_BEFORE_KILL = 5;
const LONGEST_WAIT_MS = 10_000;
/** Sums of floating-point dollars. */
const CENT_FRACTION = 1e-6;

/** Many workflows on several nodes against one budget of their tenant. */
export const budget: Experiment = {
  name: "budget",
  summary:
    "workflows on 3 nodes against one budget: never more is spent, the provider's bill is what is recorded, all go on once it is raised",
  unit: "workflows",
  stores: ["postgres", "sqlite"],
  sizes: { small: 6, usual: 20, full: 20 },
  run: async (options) => {
    const { promise: gateOpens, resolve: openGate } = Promise.withResolvers<void>();
    const spent: Record<string, unknown> = {};
    const figures = await Rehearsal.run(options, sceneOf(options, gateOpens), async (rehearsal) => {
      const { nodes, load, installation } = rehearsal;
      await nodes.startAll();
      // What dies with a node is in doubt: neither lost from the bill nor forgotten by the budget.
      await sleepUnless(load.progress(options.size * EVENTS_BEFORE_KILL), LONGEST_WAIT_MS);
      const dying = nodes.all.at(-1) ?? nodes.first;
      await dying.kill();
      await dying.start();
      await untilAllWait(rehearsal);
      const waiting = load.waiting;
      const cap = capOf(options);
      Object.assign(spent, {
        cap_usd: cap,
        waiting_at_the_gate: waiting,
        at_the_gate: await bill(rehearsal),
      });
      keptWithin(await bill(rehearsal), cap);
      if (waiting === 0) throw provenWrong("the_experiment_hit", "nothing has reached the budget");
      options.say(`${waiting} workflows wait at the gate, ${load.finished} have ended`);
      await nodes.stopAll();
      await installation.configure({ budgets: budgetsOf(ENOUGH_USD) });
      await nodes.startAll();
      openGate();
      await load.allEnded(PATIENCE_MS);
      Object.assign(spent, { in_the_end: await bill(rehearsal) });
      keptWithin(await bill(rehearsal), ENOUGH_USD);
    });
    return { ...figures, ...spent };
  },
};

function capOf({ size }: ExperimentOptions): number {
  return size * USD_PER_WORKFLOW;
}

function budgetsOf(usd: number): object {
  return { tenant: { day: { max_cost_usd: usd } } };
}

function sceneOf(options: ExperimentOptions, gateOpens: Promise<void>): Scene {
  return {
    nodes: options.store === "postgres" ? NODES : 1,
    latency: { min: 20, max: 100 },
    inFlight: options.size,
    maxConcurrentWorkflows: options.size,
    mostEach: 1,
    tenants: [TENANT],
    gateOpens,
    watchers: 0,
    habits: STEADY,
    settings: () => ({
      budgets: budgetsOf(capOf(options)),
      prices: { "fake/m1": PRICE },
      workflow: { default_model: "fake/m1", max_output_tokens: LONGEST_ANSWER_TOKENS },
    }),
    excuses: () => ({ failures: ["budget_exhausted", "interrupted"] }),
  };
}

async function untilAllWait({ load, nodes }: Rehearsal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!load.allWait) {
    nodes.assertSound();
    if (performance.now() > deadline)
      throw provenWrong("accepted_ends", "not everything has ended or waits at the gate of the budget");
    await sleep(POLL_MS);
  }
}

type Bill = {
  readonly recorded_usd: number;
  readonly in_doubt_usd: number;
  /** What counts against the budget. */
  readonly counted_usd: number;
  /** What the provider charges for. */
  readonly referee_usd: number;
};

/** The sum of the product beside that of the provider, while nothing is under way. */
async function bill({ nodes, installation, chance }: Rehearsal): Promise<Bill> {
  const { url } = await nodes.reach(chance);
  const response = await fetch(`${url}/api/v1/usage`, { headers: { "x-tenant-id": TENANT } });
  if (!response.ok) throw provenWrong("answers_as_promised", `/usage answers ${response.status}`);
  const { totals, budgets } = (await response.json()) as {
    totals: { cost_usd: number; in_doubt_cost_usd: number };
    budgets: readonly { used: { cost_usd: number } }[];
  };
  const records = await readReferee(installation.refereeFile);
  const tokens = records.map((record) => (record.kind === "answered" && record.whole ? record.tokens : 0));
  return {
    recorded_usd: totals.cost_usd,
    in_doubt_usd: totals.in_doubt_cost_usd,
    counted_usd: budgets[0]?.used.cost_usd ?? 0,
    referee_usd: tokens.reduce((sum, count) => sum + count, 0) * USD_PER_TOKEN,
  };
}

function keptWithin({ recorded_usd, in_doubt_usd, counted_usd, referee_usd }: Bill, cap: number): void {
  const most = recorded_usd + in_doubt_usd;
  if (referee_usd > cap + CENT_FRACTION)
    throw provenWrong("budgets_hold", `the provider charges ${referee_usd} USD of a budget of ${cap} USD`);
  if (referee_usd < recorded_usd - CENT_FRACTION || referee_usd > most + CENT_FRACTION)
    throw provenWrong(
      "spend_is_recorded",
      `the provider charges ${referee_usd} USD; ${recorded_usd} are recorded, ${in_doubt_usd} in doubt`,
    );
  // A reservation that dies with its node before its call left stays spent, so more may be counted than was charged.
  if (counted_usd < referee_usd - CENT_FRACTION || counted_usd > cap + CENT_FRACTION)
    throw provenWrong(
      "budgets_count",
      `${counted_usd} USD count against the budget; ${referee_usd} were charged`,
    );
}
