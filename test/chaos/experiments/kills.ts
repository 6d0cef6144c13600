import { FAILPOINTS, type FailpointName } from "../../../src/engine/failpoint.ts";
import type { Chance } from "../chance.ts";
import { provenWrong } from "../proven-wrong.ts";
import { Rehearsal } from "../rehearsal.ts";
import { killAtRandom, killWhileStarting } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const UPTIME = { events: 200, ms: 500 };
const START_MS = 700;
/** How often a failpoint is passed in a long life, about. */
const DEEPEST_HIT: Readonly<Record<FailpointName, number>> = {
  "commit.before": 25,
  "commit.after": 25,
  "model.before_call": 15,
  "model.after_call": 15,
  "delivery.before": 3,
  "delivery.after": 3,
};

/** A node that is killed again and again, with 24 workflows in flight. */
export const kills: Experiment = {
  name: "kills",
  summary: "kill -9 at random times and at failpoints: no finished step repeats, no workflow is lost",
  unit: "kills",
  sizes: { small: 3, usual: 20, full: 200 },
  run: async (options) => {
    const { size, say } = options;
    const figures = await Rehearsal.run(
      options,
      {
        latency: { min: 50, max: 350 },
        inFlight: 24,
        watchers: 0,
        habits: { cut: 0, cut_within: 1, rewind: 0 },
        failures: ["interrupted"],
      },
      async (rehearsal) => {
        const { node, chance, load } = rehearsal;
        for (let kill = 1; kill <= size; kill += 1) {
          const kind = chance.next();
          if (kind < 0.1) await killWhileStarting(node, chance, START_MS);
          else {
            await node.start(kind < 0.4 ? randomFailpoint(chance) : "");
            await killAtRandom(rehearsal, UPTIME);
          }
          if (kill % 10 === 0) say(`${kill} kills, ${load.finished} workflows finished`);
        }
      },
    );
    return required(figures, size);
  },
};

function randomFailpoint(chance: Chance): string {
  const name = chance.pick(FAILPOINTS);
  return `${name}:${chance.between(1, DEEPEST_HIT[name])}:kill`;
}

/** Doing nothing must not count as a proof. */
function required(figures: Awaited<ReturnType<Experiment["run"]>>, size: number): typeof figures {
  const { kills: killed, kills_that_interrupted: interrupted, finished } = figures as Record<string, number>;
  if (killed !== size || interrupted! < size / 2 || finished! < 24)
    throw provenWrong(
      "the_experiment_hit",
      `${killed} kills, ${interrupted} interrupted a step, ${finished} finished`,
    );
  return figures;
}
