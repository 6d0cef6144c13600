import { budget } from "./budget.ts";
import { clock } from "./clock.ts";
import { convergence } from "./convergence.ts";
import { deliveries } from "./deliveries.ts";
import { duels } from "./duels.ts";
import { escapes } from "./escapes.ts";
import type { Experiment } from "./experiment.ts";
import { failpoints } from "./failpoints.ts";
import { feed } from "./feed.ts";
import { flood } from "./flood.ts";
import { honest } from "./honest.ts";
import { hooks } from "./hooks.ts";
import { kills } from "./kills.ts";
import { lies } from "./lies.ts";
import { modelFaults } from "./model-faults.ts";
import { outages } from "./outages.ts";
import { parallel } from "./parallel.ts";
import { plantedDefects } from "./planted-defects.ts";
import { rolling } from "./rolling.ts";

/** Everything that can be proved; an experiment is a file and a line here. */
export const EXPERIMENTS: readonly Experiment[] = [
  kills,
  duels,
  feed,
  failpoints,
  modelFaults,
  budget,
  flood,
  outages,
  rolling,
  clock,
  escapes,
  plantedDefects,
  convergence,
  parallel,
  lies,
  honest,
  hooks,
  deliveries,
];
