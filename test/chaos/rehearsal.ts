import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Chance } from "./chance.ts";
import { type Circumstances, firstViolation } from "./checker.ts";
import { gatherEvidence, type WorkflowEvidence } from "./evidence.ts";
import { Installation, type InstallationOptions, type Store } from "./installation.ts";
import { type Accepted, Load, type LoadOptions, TENANTS } from "./load.ts";
import type { ChaosNode } from "./node.ts";
import type { Nodes } from "./nodes.ts";
import { ProvenWrong } from "./proven-wrong.ts";
import type { ProviderOptions } from "./provider-process.ts";
import { readReferee } from "./referee.ts";
import { isNeverGoodEnough } from "./seeded-answers.ts";
import { dumpStore } from "./store-dump.ts";
import { spreadOf, Tally } from "./tally.ts";

/** What every experiment is told. */
export type ExperimentOptions = {
  readonly size: number;
  readonly seed: string;
  readonly store: Store;
  readonly postgresUrl: string | null;
  readonly say: (line: string) => void;
};

export type Figures = Readonly<Record<string, unknown>>;

export type Scene = {
  readonly latency: ProviderOptions["latency"];
  readonly nodes?: number;
  readonly settings?: InstallationOptions["settings"];
  readonly stoppable?: InstallationOptions["stoppable"];
  readonly tenants?: LoadOptions["tenants"];
  readonly gateOpens?: LoadOptions["gateOpens"];
  readonly inFlight: number;
  readonly maxConcurrentWorkflows?: number;
  readonly watchers: number;
  readonly habits: LoadOptions["habits"];
  readonly mostEach?: LoadOptions["mostEach"];
  readonly pin?: LoadOptions["pin"];
  /** Whether results are delivered to directories now and then. */
  readonly delivers?: boolean;
  /** What the faults of this experiment explain in this workflow. */
  readonly excuses: (accepted: Accepted | null) => Partial<Omit<Circumstances, "lives">>;
  /** How long workflows may take to end after the last fault. */
  readonly patienceMs?: number;
};

/** Clients that keep their connections. */
export const STEADY: LoadOptions["habits"] = { cut: 0, cut_within: 1, rewind: 0 };

const PATIENCE_MS = 60_000;
const never = new Promise<never>(() => undefined);

/** One experiment under way: users keep the nodes busy while the experiment breaks it. */
export class Rehearsal {
  readonly nodes: Nodes;
  readonly load: Load;
  readonly chance: Chance;
  readonly #options: ExperimentOptions;
  readonly #scene: Scene;
  readonly #installation: Installation;
  readonly #started = performance.now();

  private constructor(options: ExperimentOptions, scene: Scene, installation: Installation) {
    this.#options = options;
    this.#scene = scene;
    this.#installation = installation;
    this.nodes = installation.nodes;
    this.chance = new Chance(options.seed, "faults");
    const { inFlight, watchers, habits, delivers = true } = scene;
    const deliveryDirectory = delivers ? (key: string): string => installation.deliveryDirectory(key) : null;
    const { mostEach = null, pin = () => null, tenants = TENANTS, gateOpens = never } = scene;
    const load = { seed: options.seed, inFlight, watchers, habits, deliveryDirectory };
    this.load = new Load(this.nodes, { ...load, mostEach, pin, tenants, gateOpens });
  }

  get installation(): Installation {
    return this.#installation;
  }

  /** The first node, which is the only one unless the scene asks for more. */
  get node(): ChaosNode {
    return this.nodes.first;
  }

  /** Runs `faults` while there is load, lets everything end, and checks what is left. Throws a ProvenWrong. */
  static async run(
    options: ExperimentOptions,
    scene: Scene,
    faults: (rehearsal: Rehearsal) => Promise<void>,
  ): Promise<Figures> {
    const { store, seed, postgresUrl } = options;
    const { latency, inFlight, nodes = 1, maxConcurrentWorkflows = inFlight } = scene;
    const { settings = () => ({}), stoppable = false } = scene;
    const place = { store, seed, postgresUrl, latency, nodes, maxConcurrentWorkflows, settings, stoppable };
    const installation = await Installation.open(place);
    const rehearsal = new Rehearsal(options, scene, installation);
    let keep = false;
    try {
      rehearsal.load.start();
      await Promise.race([faults(rehearsal), rehearsal.load.failed]);
      return await rehearsal.#conclude();
    } catch (error) {
      keep = error instanceof ProvenWrong;
      if (error instanceof ProvenWrong) await rehearsal.#keepStore(error);
      if (keep) options.say(`seed ${seed}: what is left of it lies in ${installation.directory}`);
      throw error;
    } finally {
      rehearsal.load.abandon();
      await installation.close({ keep });
    }
  }

  async #conclude(): Promise<Figures> {
    await this.nodes.startAll();
    const drained_ms = await this.load.finish(this.#scene.patienceMs ?? PATIENCE_MS);
    await this.nodes.stopAll();
    await this.#installation.provider.stop();
    this.#options.say(
      `the last of ${this.load.finished} workflows ended ${drained_ms} ms after the last fault`,
    );
    const tally = new Tally(this.nodes.lives);
    const { accepted, transcripts } = this.load;
    const referee = await readReferee(this.#installation.refereeFile);
    const sources = {
      database: this.#installation.database,
      tenants: TENANTS,
      accepted,
      transcripts,
      referee,
    };
    for await (const evidence of gatherEvidence(sources)) {
      const violation = firstViolation(evidence, this.#circumstancesOf(evidence));
      if (violation) {
        await this.#keep(evidence);
        throw new ProvenWrong(violation);
      }
      tally.add(evidence);
    }
    return this.#figures(tally, drained_ms);
  }

  #circumstancesOf({ id, accepted }: WorkflowEvidence): Circumstances {
    const mustFailWith = isNeverGoodEnough(this.#options.seed, id) ? "stalled" : null;
    const { lives } = this.nodes;
    const usual = { lives, failures: [], mustFailWith, mayFailWith: [], storeWentAway: false };
    return { ...usual, ...this.#scene.excuses(accepted) };
  }

  /** A workflow that stands still leaves no evidence but what its store says now. */
  async #keepStore({ violation: { workflow } }: ProvenWrong): Promise<void> {
    const { database, directory } = this.#installation;
    if (workflow === null || !database.startsWith("postgres")) return;
    const dump = await dumpStore(database, workflow);
    await writeFile(join(directory, "store.json"), JSON.stringify(dump, null, 2));
  }

  /** The store may be gone with this process, so what it says of the workflow is written down. */
  async #keep(evidence: WorkflowEvidence): Promise<void> {
    const asJson = (_key: string, value: unknown): unknown =>
      value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
    const file = join(this.#installation.directory, "evidence.json");
    await writeFile(file, JSON.stringify(evidence, asJson, 2));
  }

  #figures(tally: Tally, drained_ms: number): Figures {
    const { lives } = this.nodes;
    const { finished, cuts, waits, answers } = this.load;
    const { interrupted_lives, ...counts } = tally.figures();
    const starts = lives.flatMap((life) => (life.ready_at === null ? [] : [life.ready_at - life.started_at]));
    const hits = lives.flatMap((life) => life.hits);
    return {
      store: this.#options.store,
      seed: this.#options.seed,
      size: this.#options.size,
      nodes: this.nodes.all.length,
      finished,
      kills: lives.filter(({ ending }) => ending === "killed" || ending === "rehearsed").length,
      kills_that_interrupted: interrupted_lives,
      kills_while_starting: lives.filter((life) => life.ready_at === null).length,
      failpoints: Object.fromEntries(
        [...Map.groupBy(hits, (hit) => `${hit.failpoint}:${hit.rehearsal}`)].map(([name, all]) => [
          name,
          all.length,
        ]),
      ),
      ...counts,
      waits,
      answers,
      cuts,
      start_ms: spreadOf(starts),
      drained_ms,
      errors_logged: lives.reduce((sum, life) => sum + life.errors_logged, 0),
      duration_s: Math.round((performance.now() - this.#started) / 1000),
    };
  }
}
