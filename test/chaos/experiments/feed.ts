import { provenWrong } from "../proven-wrong.ts";
import { Rehearsal } from "../rehearsal.ts";
import { killAtRandom } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const UPTIME = { events: 1_500, ms: 500 };
const WATCHERS = 2;

/** Clients that resume over cut connections and dead nodes. */
export const feed: Experiment = {
  name: "feed",
  summary:
    "clients that resume over kills and cut connections read each event once, in order, as it is stored",
  unit: "events",
  sizes: { small: 1_000, usual: 8_000, full: 100_000 },
  run: async (options) => {
    const { size, say } = options;
    const figures = await Rehearsal.run(
      options,
      {
        latency: { min: 20, max: 80 },
        inFlight: 24,
        watchers: WATCHERS,
        habits: { cut: 0.6, cut_within: 40_000, rewind: 0.3 },
        failures: ["interrupted"],
      },
      async (rehearsal) => {
        const { node, load } = rehearsal;
        await node.start();
        for (let round = 1; load.events < size; round += 1) {
          await killAtRandom(rehearsal, UPTIME);
          await node.start();
          if (round % 10 === 0) say(`${round} kills, ${load.events} events`);
        }
      },
    );
    const { events, kills, cuts, frames_twice, finished } = figures as Record<string, number>;
    if (events! < size || kills! < 1 || cuts! < 10 || frames_twice! < 1 || finished! < 10)
      throw provenWrong(
        "the_experiment_hit",
        `${events} events, ${kills} kills, ${cuts} cuts, ${frames_twice} frames came twice, ${finished} finished`,
      );
    return figures;
  },
};
