import { provenWrong } from "../proven-wrong.ts";
import { type ExperimentOptions, type Figures, Rehearsal, type Scene } from "../rehearsal.ts";
import type { Spread } from "../tally.ts";
import { killAtRandom } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const UPTIME = { events: 1_500, ms: 500 };
const WATCHERS = 2;
const NODES = 3;
/** How soon a node shows what another has committed, at the 99th percentile. */
const LATEST_MS = 1_000;
/** The small size runs while other tests have the processors. */
const LATEST_BESIDE_TESTS_MS = 5_000;

/** Clients that resume over cut connections and dead nodes, at any node. */
export const feed: Experiment = {
  name: "feed",
  summary:
    "clients that resume over kills and cut connections read each event once, in order, as it is stored",
  unit: "events",
  stores: ["postgres", "sqlite"],
  sizes: { small: 1_500, usual: 8_000, full: 100_000 },
  run: async (options) => {
    const { size, say, store } = options;
    const scene: Scene = {
      nodes: store === "postgres" ? NODES : 1,
      latency: { min: 20, max: 80 },
      inFlight: 24,
      watchers: WATCHERS,
      habits: { cut: 0.6, cut_within: 40_000, rewind: 0.3 },
      excuses: () => ({ failures: ["interrupted"] }),
    };
    const figures = await Rehearsal.run(options, scene, async (rehearsal) => {
      const { nodes, load, chance } = rehearsal;
      await Promise.all(nodes.all.map((node) => node.start()));
      for (let round = 1; load.events < size; round += 1) {
        const node = chance.pick(nodes.all);
        await killAtRandom(rehearsal, node, UPTIME);
        await node.start();
        if (round % 10 === 0) say(`${round} kills, ${load.events} events`);
      }
    });
    return required(figures, options);
  },
};

/** Doing nothing must not count as a proof; what other nodes commit has to be seen soon. */
function required(figures: Figures, { size, store }: ExperimentOptions): Figures {
  const { events, kills, cuts, frames_twice, finished } = figures as Record<string, number>;
  if (events! < size || kills! < 1 || cuts! < 10 || frames_twice! < 1 || finished! < 10)
    throw provenWrong(
      "the_experiment_hit",
      `${events} events, ${kills} kills, ${cuts} cuts, ${frames_twice} frames came twice, ${finished} finished`,
    );
  if (store === "sqlite") return figures;
  const delay = figures["feed_delay_ms"] as Spread | null;
  if (!delay || delay.count < size / 10)
    throw provenWrong("the_experiment_hit", `${delay?.count ?? 0} events were read at another node`);
  if (delay.p99 > (size < feed.sizes.usual ? LATEST_BESIDE_TESTS_MS : LATEST_MS))
    throw provenWrong("feed_is_timely", `p99 is ${delay.p99} ms until another node shows an event`);
  return figures;
}
