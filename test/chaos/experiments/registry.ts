import type { Experiment } from "./experiment.ts";
import { failpoints } from "./failpoints.ts";
import { feed } from "./feed.ts";
import { kills } from "./kills.ts";

/** Everything that can be proved; an experiment is a file and a line here. */
export const EXPERIMENTS: readonly Experiment[] = [kills, feed, failpoints];
