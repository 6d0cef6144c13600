import { setTimeout as sleep } from "node:timers/promises";

import { provenWrong } from "../proven-wrong.ts";
import { type Figures, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { spreadOf } from "../tally.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 2;
const BETWEEN_MS = 5_000;
const LONGEST_OUTAGE_MS = 2_000;
/** How long after PostgreSQL is back work may need to go on. */
const LONGEST_RECOVERY_MS = 10_000;

const scene: Scene = {
  nodes: NODES,
  stoppable: true,
  latency: { min: 50, max: 350 },
  inFlight: 24,
  watchers: 0,
  habits: STEADY,
  excuses: () => ({ failures: ["interrupted", "released"], storeWentAway: true }),
};

/** PostgreSQL that stops again and again under nodes at work. */
export const outages: Experiment = {
  name: "outages",
  summary:
    "PostgreSQL stops every 5 s, in order or crashing: nothing is lost, no node ends, work goes on soon",
  unit: "outages",
  stores: ["postgres"],
  sizes: { small: 2, usual: 6, full: 200 },
  run: async (options) => {
    const { size, say } = options;
    const recoveries: number[] = [];
    const figures = await Rehearsal.run(options, scene, async ({ nodes, load, chance, installation }) => {
      const { postgres } = installation;
      if (!postgres) throw new Error("this PostgreSQL can't be stopped");
      await nodes.startAll();
      await load.progress(1);
      for (let outage = 1; outage <= size; outage += 1) {
        await sleep(BETWEEN_MS);
        await postgres.stop(chance.pick(["SIGINT", "SIGQUIT"]));
        await sleep(chance.between(0, LONGEST_OUTAGE_MS));
        await postgres.start();
        const back = performance.now();
        await sleepUnless(load.progress(1), LONGEST_RECOVERY_MS);
        recoveries.push(performance.now() - back);
        nodes.assertSound();
        if (outage % 10 === 0) say(`outage ${outage}, ${load.finished} workflows finished`);
      }
    });
    return required({ ...figures, outages: recoveries.length, recovery_ms: spreadOf(recoveries) });
  },
};

function required(figures: Figures): Figures {
  const { max } = figures["recovery_ms"] as { max: number };
  if (max >= LONGEST_RECOVERY_MS)
    throw provenWrong("work_goes_on", `nothing happened for ${max} ms after PostgreSQL was back`);
  if ((figures["finished"] as number) < 24)
    throw provenWrong("the_experiment_hit", "too little was finished");
  return figures;
}
