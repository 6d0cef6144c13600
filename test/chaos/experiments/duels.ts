import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import { CLUSTER_TIMING } from "../../../src/storage/postgres/cluster/cluster-timing.ts";
import type { Installation } from "../installation.ts";
import type { ChaosNode } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import { type Figures, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 4;
/** Nodes that stand still at the same time; the others take their steps over. */
const AT_A_TIME = 2;
const BETWEEN_EVENTS = 60;
const PATIENCE_MS = 20_000;
/** How long beyond its lease a node may stand still. */
const LONGEST_BEYOND_MS = 5_000;

const scene: Scene = {
  nodes: NODES,
  latency: { min: 50, max: 350 },
  inFlight: 24,
  maxConcurrentWorkflows: 8,
  watchers: 0,
  habits: STEADY,
  excuses: () => ({ failures: ["interrupted", "released"] }),
};

/** Nodes that stand still for longer than their lease and wake up while others do their steps. */
export const duels: Experiment = {
  name: "duels",
  summary:
    "SIGSTOP for longer than the lease, SIGCONT when others have taken over: nothing of the old attempt is accepted",
  unit: "duels",
  stores: ["postgres"],
  sizes: { small: 2, usual: 4, full: 100 },
  run: async (options) => {
    const { size, say } = options;
    const figures = await Rehearsal.run(options, scene, async (rehearsal) => {
      const { nodes, load, chance, installation } = rehearsal;
      await nodes.startAll();
      let fought = 0;
      while (fought < size) {
        await sleepUnless(load.progress(BETWEEN_EVENTS), PATIENCE_MS);
        const busy = await nodesAtWork(installation);
        const first = busy.indexOf(chance.pick(busy));
        const others = busy.filter((_, index) => index !== first);
        const fighters = [...busy.slice(first, first + 1), ...others].slice(
          0,
          Math.min(AT_A_TIME, size - fought),
        );
        await Promise.all(fighters.map((node) => standStill(node, chance.between(0, LONGEST_BEYOND_MS))));
        nodes.assertSound();
        fought += fighters.length;
        if (fought % 10 === 0) say(`${fought} duels, ${load.finished} workflows finished`);
      }
      await load.progress(BETWEEN_EVENTS * NODES);
    });
    return required(figures, size);
  },
};

/** Those that run steps now, the busiest first; the store says so. */
async function nodesAtWork({ database, nodes }: Installation): Promise<ChaosNode[]> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query<{ owner: string }>(
      "select owner from steps where status = 'running' group by owner order by count(*) desc",
    );
    return rows.flatMap(({ owner }) => nodes.ready.find(({ life }) => life.instance_id === owner) ?? []);
  } finally {
    await client.end();
  }
}

async function standStill(node: ChaosNode, beyondMs: number): Promise<void> {
  node.suspend();
  await sleep(CLUSTER_TIMING.leaseMs + 1_000 + beyondMs);
  node.wake();
}

/** A node that owned no step when it was stopped fights over nothing; most have to own some. */
function required(figures: Figures, size: number): Figures {
  const fought = figures["suspensions_that_lost_a_step"] as number;
  const wentOn = figures["suspensions_after_which_work_went_on"] as number;
  if (figures["suspensions"] !== size || fought < size * 0.8)
    throw provenWrong("the_experiment_hit", `of ${size} duels ${fought} were over a step`);
  if (wentOn < size * 0.9)
    throw provenWrong("woken_nodes_work", `only ${wentOn} of ${size} woken nodes started a step afterwards`);
  return figures;
}
