import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { EarlierVersion } from "../earlier-version.ts";
import { environmentIn, type Installation } from "../installation.ts";
import { type ChaosNode, OURS, type Program } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import { type ExperimentOptions, type Figures, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import { type Spread, spreadOf } from "../tally.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 3;
const BETWEEN_EVENTS = 120;
const PATIENCE_MS = 20_000;
/** Shorter than the longest answer takes, so that some steps have to be handed over. */
const SHUTDOWN_TIMEOUT_S = 1;
/** What a stop may take besides, as docs/operations.md says. */
const CLOSING_MS = 5_000;

const scene: Scene = {
  nodes: NODES,
  latency: { min: 50, max: 1_500 },
  inFlight: 24,
  maxConcurrentWorkflows: 12,
  watchers: 1,
  habits: STEADY,
  settings: () => ({ shutdown_timeout_s: SHUTDOWN_TIMEOUT_S }),
  // A step that its process could not finish is given back; nobody may find it orphaned.
  excuses: () => ({ failures: ["released"] }),
};

type Deploy = { readonly stops: number[]; rolled_back: boolean | null };

/** An earlier version of this repository that is replaced node by node under load. */
export const rolling: Experiment = {
  name: "rolling",
  summary:
    "nodes of an earlier version are replaced one by one under load: steps are handed over, no request fails",
  unit: "replacements",
  stores: ["postgres"],
  sizes: { small: 3, usual: 6, full: 60 },
  run: async (options) => {
    const earlier = await EarlierVersion.open();
    const deploy: Deploy = { stops: [], rolled_back: null };
    try {
      const figures = await Rehearsal.run(options, scene, (rehearsal) =>
        deployUnderLoad(rehearsal, { options, deploy, earlier: earlier.program }),
      );
      const { stops, rolled_back } = deploy;
      const all = { ...figures, stop_ms: spreadOf(stops), replaced: stops.length, rolled_back };
      return required(all, options, earlier.program);
    } finally {
      await earlier.remove();
    }
  },
};

type Plan = {
  readonly options: ExperimentOptions;
  readonly deploy: Deploy;
  readonly earlier: Program;
};

/** The first round replaces the earlier version by ours, the later ones ours by itself. */
async function deployUnderLoad(
  { nodes, load, installation }: Rehearsal,
  { options, deploy, earlier }: Plan,
): Promise<void> {
  const { size, say } = options;
  for (const node of nodes.all) node.install(earlier);
  await nodes.startAll();
  const working = (): Promise<void> => sleepUnless(load.progress(BETWEEN_EVENTS), PATIENCE_MS);
  await working();
  for (let done = 0; done < size; done += 1) {
    const node = nodes.all[done % NODES] ?? nodes.first;
    deploy.stops.push(await replace(node, OURS));
    await working();
    nodes.assertSound();
    if ((done + 1) % 10 === 0) say(`${done + 1} replaced, ${load.finished} workflows finished`);
    // The next round brings it forward again.
    if (done + 1 !== NODES || size === NODES) continue;
    deploy.rolled_back = await takesTheDatabase(earlier, installation);
    if (!deploy.rolled_back) {
      say(`${earlier.version} refuses the tables of ours, so nothing is rolled back`);
      continue;
    }
    deploy.stops.push(await replace(nodes.first, earlier));
    await working();
  }
}

/** Milliseconds that the stop took. The others serve until the node is up again. */
async function replace(node: ChaosNode, by: Program): Promise<number> {
  node.install(by);
  const asked = performance.now();
  await node.stop();
  const stopped = performance.now();
  await node.start();
  return stopped - asked;
}

/** A version that finds migrations it has not refuses to start. */
async function takesTheDatabase({ file }: Program, { directory }: Installation): Promise<boolean> {
  const env = environmentIn(directory, "data-migrate");
  try {
    await promisify(execFile)(process.execPath, [file, "migrate", "--json"], { env });
    return true;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    if (`${stdout}${stderr}`.includes("storage_outdated")) return false;
    throw error;
  }
}

/** A deploy under which nothing ran, or only one version did, proves nothing. */
function required(figures: Figures, { size }: ExperimentOptions, earlier: Program): Figures {
  const starts = figures["starts_by_version"] as Readonly<Record<string, number>>;
  const { workflows_of_many_versions: mixed, finished, replaced } = figures as Record<string, number>;
  const { released = 0 } = figures["failed_attempts"] as Readonly<Record<string, number>>;
  const { max } = figures["stop_ms"] as Spread;
  const said = `${replaced} replaced, ${mixed} workflows of both versions, ${finished} finished, ${released} handed over`;
  const both = (starts[earlier.version] ?? 0) > 0 && (starts[OURS.version] ?? 0) > 0;
  if (!both || mixed! < 1 || finished! < 24 || replaced! < size || released < 1)
    throw provenWrong("the_experiment_hit", said);
  if (max > SHUTDOWN_TIMEOUT_S * 1_000 + CLOSING_MS)
    throw provenWrong("node_stops_in_time", `a stop took ${max} ms; ${said}`);
  return figures;
}
