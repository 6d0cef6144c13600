import { FAILPOINTS } from "../../../src/engine/failpoint.ts";
import { provenWrong } from "../proven-wrong.ts";
import { type Figures, Rehearsal, STEADY } from "../rehearsal.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

/** A failpoint that is not passed in this time will not be. */
const PATIENCE_MS = 10_000;
const HANG_MS = 300;

/** Every failpoint of the sources: the process dies there, the call fails there, or everything stands still there. */
export const failpoints: Experiment = {
  name: "failpoints",
  summary:
    "a node that dies, fails or stands still at each failpoint of the sources: nothing is lost or repeated",
  unit: "rounds over all failpoints, every second one with standing still",
  stores: ["sqlite", "postgres"],
  sizes: { small: 1, usual: 2, full: 16 },
  run: async (options) => {
    const names: readonly string[] = FAILPOINTS;
    const wanted: Record<string, number> = {};
    const figures = await Rehearsal.run(
      options,
      {
        latency: { min: 10, max: 60 },
        inFlight: 8,
        watchers: 0,
        habits: STEADY,
        excuses: () => ({ failures: ["interrupted", "released", "internal"] }),
      },
      async (rehearsal) => {
        for (let round = 1; round <= options.size; round += 1) {
          const plan = [names, ...names.map((name) => [name])].map((together, index) => ({
            names: together,
            kind: index === 0 ? "throw" : "kill",
          }));
          if (round % 2 === 0) plan.push(...names.map((name) => ({ names: [name], kind: "hang" })));
          for (const one of plan) {
            for (const name of one.names)
              wanted[`${name}:${one.kind}`] = (wanted[`${name}:${one.kind}`] ?? 0) + 1;
            await hitAll(rehearsal, one);
          }
          options.say(`round ${round}: ${plan.length} lives, ${rehearsal.load.finished} workflows finished`);
        }
      },
    );
    return covered(figures, wanted);
  },
};

type Plan = { readonly names: readonly string[]; readonly kind: string };

/** Lives until the node has met the failpoints of the plan; what was not met is tried once more at its first hit. */
async function hitAll(rehearsal: Rehearsal, { names, kind }: Plan): Promise<void> {
  const { chance } = rehearsal;
  await liveUntilHit(
    rehearsal,
    names.map((name) => `${name}:${chance.between(1, deepest(name))}:${kind}`),
    kind,
  );
  const met = new Set(rehearsal.node.life.hits.map((hit) => hit.failpoint));
  const missed = names.filter((name) => !met.has(name)).map((name) => `${name}:1:${kind}`);
  if (missed.length > 0) await liveUntilHit(rehearsal, missed, kind);
}

async function liveUntilHit({ node }: Rehearsal, armed: readonly string[], kind: string): Promise<void> {
  await node.start(armed.join(","));
  const deadline = performance.now() + PATIENCE_MS;
  while (node.alive && node.life.hits.length < armed.length && performance.now() < deadline)
    await sleepUnless(Promise.race([node.hit, node.ended]), deadline - performance.now());
  if (kind === "throw") {
    await Promise.race([node.url(), node.ended]);
    return node.stop();
  }
  if (kind === "hang") await sleepUnless(node.ended, HANG_MS);
  if (kind === "kill" && node.life.hits.length > 0) await node.ended;
  await node.kill();
}

/** A delivery comes once a workflow, a commit many times. */
function deepest(name: string): number {
  return name.startsWith("delivery.") ? 2 : 12;
}

/** Each of them really happened. */
function covered(figures: Figures, wanted: Readonly<Record<string, number>>): Figures {
  const hits = figures["failpoints"] as Record<string, number>;
  const missed = Object.entries(wanted).filter(([name, count]) => (hits[name] ?? 0) < count);
  if (missed.length > 0 || Object.keys(wanted).length === 0 || (figures["finished"] as number) < 8)
    throw provenWrong(
      "the_experiment_hit",
      `not met often enough: ${JSON.stringify(missed)}; ${String(figures["finished"])} workflows finished`,
    );
  return figures;
}
