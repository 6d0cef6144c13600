import { inject } from "vitest";

import type { Store } from "../installation.ts";
import type { Figures } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

/** What the experiments of this run draw from; `CHAOS_SEED` plays one again. */
export const seed = process.env["CHAOS_SEED"] ?? String(Date.now());

/** Runs an experiment in the size for tests. */
export function runSmall(experiment: Experiment, store: Store): Promise<Figures> {
  const say = (line: string): void => console.log(`${experiment.name}: ${line}`);
  const options = { size: experiment.sizes.small, seed, store, postgresUrl: inject("postgresUrl"), say };
  return experiment.run(options);
}
