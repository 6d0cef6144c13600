import { type Played, proveScene } from "../../trust/parallel/run-scene.ts";
import { type SceneName, SCENES } from "../../trust/parallel/scenes.ts";
import { severalAtOnce } from "../../trust/several-at-once.ts";
import { TrustBench } from "../../trust/trust-bench.ts";
import { Chance } from "../chance.ts";
import type { Figures } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

const NAMES = Object.keys(SCENES) as SceneName[];
const AT_ONCE = 3;

/** Tasks of one workflow side by side, on paths apart and on the same. */
export const parallel: Experiment = {
  name: "parallel",
  summary: "tasks apart overlap, tasks on one path do not, and where nobody knew it before no change is lost",
  unit: "workflows",
  stores: ["sqlite"],
  sizes: { small: NAMES.length, usual: NAMES.length * 10, full: NAMES.length * 100 },
  run: async ({ size, seed, store, say }) => {
    const bench = await TrustBench.open();
    try {
      const unavailable = await bench.unavailable();
      if (unavailable !== null) say(`unavailable, so nothing is changed by commands: ${unavailable}`);
      const names = NAMES.filter((name) => unavailable === null || !name.endsWith("command"));
      const played: Played[] = [];
      const indexes = Array.from({ length: size }, (_, index) => index);
      await severalAtOnce(indexes, AT_ONCE, async (index) => {
        const name = names[index % names.length] ?? "apart";
        played.push(await proveScene(bench, name, new Chance(seed, index)));
        if (played.length % 60 === 0) say(`${played.length} workflows kept every change`);
      });
      return { store, seed, size, scenes: figuresOf(played), ...(unavailable !== null && { unavailable }) };
    } finally {
      await bench.close();
    }
  },
};

function figuresOf(played: readonly Played[]): Figures {
  return Object.fromEntries(
    NAMES.map((name) => {
      const own = played.filter((one) => one.name === name);
      const together = Math.max(0, ...own.map(({ most }) => most));
      const conflicts = own.reduce((sum, one) => sum + one.conflicts, 0);
      return [name, { workflows: own.length, most_together: together, conflicts }];
    }),
  );
}
