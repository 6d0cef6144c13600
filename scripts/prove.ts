// `npm run prove -- <name> [--size N|full] [--seed S] [--store sqlite|postgres]`: the one door to every proof that
// takes longer than a test. The last line of the output is one JSON object; the exit code is 1 when a promise was broken.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

import type { Experiment } from "../test/chaos/experiments/experiment.ts";
import { EXPERIMENTS } from "../test/chaos/experiments/registry.ts";
import type { Store } from "../test/chaos/installation.ts";
import { ProvenWrong } from "../test/chaos/proven-wrong.ts";
import type { ExperimentOptions } from "../test/chaos/rehearsal.ts";

const USAGE = 2;

function asked(): { readonly experiment: Experiment; readonly options: ExperimentOptions } | null {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { size: { type: "string" }, seed: { type: "string" }, store: { type: "string" } },
  });
  const [name, ...more] = positionals;
  if (name === undefined) return null;
  const experiment = EXPERIMENTS.find((one) => one.name === name);
  if (!experiment || more.length > 0) throw new Error(`there is no experiment ${positionals.join(" ")}`);
  const { stores } = experiment;
  const store = values.store === undefined ? stores[0] : stores.find((one) => one === values.store);
  if (!store) throw new Error(`the store of ${name} is one of ${stores.join(", ")}`);
  const size = sizeOf(experiment, store, values.size);
  const seed = values.seed ?? randomBytes(4).toString("hex");
  const say = (line: string): void => console.error(line);
  return { experiment, options: { size, seed, store, postgresUrl: null, say } };
}

function sizeOf({ sizes, fullOn }: Experiment, store: Store, text: string | undefined): number {
  if (text === undefined) return sizes.usual;
  if (text === "full") return fullOn?.[store] ?? sizes.full;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error("the size is a whole number, or full");
  return Number(text);
}

function list(): void {
  console.log("npm run prove -- <name> [--size N|full] [--seed S] [--store sqlite|postgres]\n");
  for (const { name, summary, sizes, unit, stores } of EXPERIMENTS) {
    const full = `${sizes.usual} ${unit}, full: ${sizes.full}`;
    console.log(`  ${name.padEnd(13)} ${summary}\n${" ".repeat(16)}${full}; on ${stores.join(" or ")}`);
  }
}

async function prove(experiment: Experiment, options: ExperimentOptions): Promise<void> {
  const { name, unit } = experiment;
  const { seed, size, store } = options;
  console.error(`${name}: ${size} ${unit} on ${store}, seed ${seed}`);
  try {
    const figures = await experiment.run(options);
    // What could not be tried is neither kept nor broken.
    const kept = "unavailable" in figures ? null : true;
    console.log(JSON.stringify({ experiment: name, kept, ...figures }));
  } catch (error) {
    if (!(error instanceof ProvenWrong)) throw error;
    console.error(error.message);
    console.log(
      JSON.stringify({ experiment: name, kept: false, seed, size, store, violation: error.violation }),
    );
    process.exitCode = 1;
  }
}

// An exit, unlike a signal, takes the processes of the experiment along.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  const question = asked();
  if (question === null) list();
  else await prove(question.experiment, question.options);
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = USAGE;
}
