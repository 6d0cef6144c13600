import type { Accepted } from "../load.ts";
import { provenWrong } from "../proven-wrong.ts";
import { type Fault, faultNamed, faultPlan, FAULTS, isFatal, MIXED } from "../provider-faults.ts";
import { type ExperimentOptions, type Figures, Rehearsal, type Scene, STEADY } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

const KINDS = [...FAULTS.map(({ name }) => name), MIXED];
/** Users for each fault, each with a provider of its own, so that no breaker mixes what they see. */
const MOST_USERS = 4;
const MODEL_TIMEOUT_S = 5;
const PATIENCE_MS_EACH = 90_000;
const CODES = [...new Set(FAULTS.map(({ code }) => code))];

/** Each fault alone and all of them mixed, at the wire of a provider of its own. */
export const modelFaults: Experiment = {
  name: "model-faults",
  summary: `${FAULTS.length} faults of a provider, alone and 30 % mixed: every workflow ends or waits, no cut answer is used`,
  unit: "workflows for each fault",
  stores: ["sqlite", "postgres"],
  sizes: { small: 1, usual: 4, full: 200 },
  run: async (options) => {
    const each = Math.ceil(options.size / usersOf(options));
    const figures = await Rehearsal.run(options, sceneOf(options, each), async ({ node, load }) => {
      await node.start();
      await load.allEnded(PATIENCE_MS_EACH * each);
    });
    return covered(figures, options.size);
  },
};

function usersOf({ size }: ExperimentOptions): number {
  return Math.min(MOST_USERS, size);
}

function sceneOf(options: ExperimentOptions, mostEach: number): Scene {
  const names = Array.from({ length: usersOf(options) }, (_, number) =>
    KINDS.map((kind) => `${number}-${kind}`),
  ).flat();
  return {
    latency: { min: 0, max: 10 },
    inFlight: names.length,
    watchers: 0,
    habits: STEADY,
    mostEach,
    pin: (user) => names[user] ?? "",
    delivers: false,
    settings: (provider) => ({
      max_concurrent_workflows_per_tenant: names.length,
      workflow: { default_model: "fake/m1", model_timeout_s: MODEL_TIMEOUT_S },
      providers: [
        { name: "fake", kind: "openai-compatible", base_url: `${provider}/v1` },
        ...names.map((name) => ({
          name,
          kind: "openai-compatible",
          base_url: `${provider}/faults/${name}/v1`,
        })),
      ],
    }),
    excuses: (accepted) => excusesOf(options.seed, accepted),
  };
}

function excusesOf(seed: string, accepted: Accepted | null): ReturnType<Scene["excuses"]> {
  if (accepted?.provider == null) return {};
  const name = accepted.provider.replace(/^\d+-/, "");
  if (name === MIXED) return { failures: CODES, mustFailWith: null, mayFailWith: CODES };
  const fault = faultNamed(name);
  const failures: string[] = [fault.code];
  // What a circuit breaker keeps away from a provider that is not well is called so.
  if (["network", "timeout"].includes(fault.code)) failures.push("overloaded");
  // What brings megabytes may take too long on a busy machine.
  if (["endless", "huge", "large"].includes(fault.name)) failures.push("timeout");
  return { failures, mustFailWith: endOf(seed, accepted.id, fault), mayFailWith: [] };
}

/** How a workflow has to fail that meets its fault to the end: what parks it is mended, and the Refiner only trails. */
function endOf(seed: string, workflow: string, fault: Fault): string | null {
  const { role, final } = faultPlan(seed, workflow, fault);
  return final && isFatal(fault) && role !== "refiner" ? fault.code : null;
}

/** Every fault was played, and everything that was submitted came to an end. */
function covered(figures: Figures, size: number): Figures {
  const played = figures["faults"] as Record<string, number>;
  const missed = FAULTS.filter(({ name }) => (played[name] ?? 0) < size).map(({ name }) => name);
  if (missed.length > 0 || (figures["finished"] as number) < size * KINDS.length)
    throw provenWrong(
      "the_experiment_hit",
      `not played often enough: ${missed.join(", ")}; ${String(figures["finished"])} workflows ended`,
    );
  return { ...figures, tools_note: "the tool that is called is offered to no role" };
}
