import { setTimeout as sleep } from "node:timers/promises";

import { FAILPOINTS } from "../../../src/engine/failpoint.ts";
import type { Chance } from "../chance.ts";
import type { ChaosNode } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import { Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { killAtRandom, killWhileStarting, sleepUnless, untilAnotherIsReady } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const UPTIME = { events: 200, ms: 500 };
const START_MS = 700;
const NODES = 3;
const IN_FLIGHT = 24;
const LONGEST_LIFE_MS = 5_000;
const LONGEST_ABSENCE_MS = 1_000;
/** Longer than any start takes. */
const PATIENCE_MS = 30_000;
/** How often a failpoint is passed in a long life, about. */
const DEEPEST_HIT: Readonly<Record<(typeof FAILPOINTS)[number], number>> = {
  "commit.before": 25,
  "commit.after": 25,
  "model.before_call": 15,
  "model.after_call": 15,
  "delivery.before": 3,
  "delivery.after": 3,
};

/** Nodes that are killed again and again, with 24 workflows in flight. */
export const kills: Experiment = {
  name: "kills",
  summary: "kill -9 at random times and at failpoints: no finished step repeats, no workflow is lost",
  unit: "kills",
  stores: ["postgres", "sqlite"],
  sizes: { small: 4, usual: 24, full: 1_000 },
  fullOn: { sqlite: 200 },
  run: async (options) => {
    const { size, say, store } = options;
    const scene: Scene = {
      nodes: store === "postgres" ? NODES : 1,
      latency: { min: 50, max: 350 },
      inFlight: IN_FLIGHT,
      maxConcurrentWorkflows: store === "postgres" ? IN_FLIGHT / 2 : IN_FLIGHT,
      watchers: 0,
      habits: STEADY,
      excuses: () => ({ failures: ["interrupted"] }),
    };
    const figures = await Rehearsal.run(options, scene, async (rehearsal) => {
      const { nodes, load } = rehearsal;
      let begun = 0;
      const killAgain = async (node: ChaosNode): Promise<void> => {
        while (begun < size) {
          begun += 1;
          if (begun % 10 === 0) say(`kill ${begun}, ${load.finished} workflows finished`);
          await liveAndDie(rehearsal, node);
        }
        await node.start(); // those that are still to die must not leave the clients alone
      };
      await Promise.all(nodes.all.map(killAgain));
    });
    return required(figures, size);
  },
};

/** One life of a node. Where there are others it stays down for a moment, and never leaves the clients alone. */
async function liveAndDie(rehearsal: Rehearsal, node: ChaosNode): Promise<void> {
  const { chance, nodes } = rehearsal;
  const kind = chance.next();
  if (kind < 0.1) return killWhileStarting(node, chance, START_MS);
  await node.start(kind < 0.4 ? randomFailpoint(chance) : "");
  if (nodes.all.length === 1) return killAtRandom(rehearsal, node, UPTIME);
  await sleepUnless(node.ended, chance.between(0, LONGEST_LIFE_MS));
  await sleepUnless(Promise.race([node.ended, untilAnotherIsReady(nodes, node)]), PATIENCE_MS);
  await node.kill();
  await sleep(chance.between(0, LONGEST_ABSENCE_MS));
}

function randomFailpoint(chance: Chance): string {
  const name = chance.pick(FAILPOINTS);
  return `${name}:${chance.between(1, DEEPEST_HIT[name])}:kill`;
}

/** Doing nothing must not count as a proof. */
function required(figures: Awaited<ReturnType<Experiment["run"]>>, size: number): typeof figures {
  const { kills: killed, kills_that_interrupted: interrupted, finished } = figures as Record<string, number>;
  if (killed !== size || interrupted! < Math.floor(size / 3) || finished! < 24)
    throw provenWrong(
      "the_experiment_hit",
      `${killed} kills, ${interrupted} interrupted a step, ${finished} finished`,
    );
  return figures;
}
