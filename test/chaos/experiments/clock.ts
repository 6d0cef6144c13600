import { OURS, type Program } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import { type Figures, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 3;
const BETWEEN_EVENTS = 30;
const PATIENCE_MS = 10_000;
/** Longer than the clock stays as it is. */
const SLOWEST_JUMP_MS = 3_000;

const WANDERING: Program = {
  ...OURS,
  version: "wandering",
  preload: new URL("../wandering-clock.ts", import.meta.url),
};

const scene: Scene = {
  nodes: NODES,
  latency: { min: 50, max: 350 },
  inFlight: 24,
  maxConcurrentWorkflows: 8,
  watchers: 1,
  habits: STEADY,
  // Nothing happens to any process, so no attempt may be taken from it.
  excuses: () => ({ failures: [] }),
};

/** A node whose clock is off by up to a day, beside two that are right. */
export const clock: Experiment = {
  name: "clock",
  summary:
    "the clock of one node of three jumps by up to a day: no step is taken early, the feed stays in order",
  unit: "jumps",
  stores: ["postgres"],
  sizes: { small: 5, usual: 30, full: 1_000 },
  run: async (options) => {
    const { size } = options;
    let jumps = 0;
    const figures = await Rehearsal.run(options, scene, async ({ nodes, load }) => {
      nodes.first.install(WANDERING);
      await nodes.startAll();
      const late = performance.now() + PATIENCE_MS + size * SLOWEST_JUMP_MS;
      while (nodes.first.life.clock_jumps < size && performance.now() < late) {
        await sleepUnless(load.progress(BETWEEN_EVENTS), PATIENCE_MS);
        nodes.assertSound();
      }
      jumps = nodes.first.life.clock_jumps;
    });
    return required({ ...figures, jumps }, size);
  },
};

/** The node has to take part, or its clock proves nothing. */
function required(figures: Figures, size: number): Figures {
  const { wandering = 0 } = figures["starts_by_version"] as Readonly<Record<string, number>>;
  const { jumps, finished, times_that_went_back: back } = figures as Record<string, number>;
  if (jumps! < size || wandering < 24 || finished! < 24 || back! < 1)
    throw provenWrong(
      "the_experiment_hit",
      `${jumps} jumps, it started ${wandering} steps, ${back} times went back, ${finished} workflows finished`,
    );
  return figures;
}
