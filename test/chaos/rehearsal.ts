import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Chance } from "./chance.ts";
import { type Circumstances, firstViolation, framesInOtherBytes, isStaging } from "./checker.ts";
import { gatherEvidence, type WorkflowEvidence } from "./evidence.ts";
import { Installation, type Store } from "./installation.ts";
import { Load, type LoadOptions, TENANTS } from "./load.ts";
import type { ChaosNode } from "./node.ts";
import { ProvenWrong } from "./proven-wrong.ts";
import type { ProviderOptions } from "./provider-process.ts";
import { readReferee } from "./referee.ts";
import { isNeverGoodEnough } from "./seeded-answers.ts";

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
  readonly inFlight: number;
  readonly watchers: number;
  readonly habits: LoadOptions["habits"];
  readonly failures: Circumstances["failures"];
  readonly mayFailWith?: Circumstances["mayFailWith"];
};

const PATIENCE_MS = 60_000;

/** One experiment under way: users keep a node busy while the experiment breaks it. */
export class Rehearsal {
  readonly node: ChaosNode;
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
    this.node = installation.node;
    this.chance = new Chance(options.seed, "faults");
    this.load = new Load(this.node, {
      seed: options.seed,
      inFlight: scene.inFlight,
      watchers: scene.watchers,
      habits: scene.habits,
      deliveryDirectory: (key) => installation.deliveryDirectory(key),
    });
  }

  /** Runs `faults` while there is load, lets everything end, and checks what is left. Throws a ProvenWrong. */
  static async run(
    options: ExperimentOptions,
    scene: Scene,
    faults: (rehearsal: Rehearsal) => Promise<void>,
  ): Promise<Figures> {
    const { store, seed, postgresUrl } = options;
    const { latency, inFlight } = scene;
    const place = { store, seed, postgresUrl, latency, maxConcurrentWorkflows: inFlight };
    const installation = await Installation.open(place);
    const rehearsal = new Rehearsal(options, scene, installation);
    let keep = false;
    try {
      rehearsal.load.start();
      await Promise.race([faults(rehearsal), rehearsal.load.failed]);
      return await rehearsal.#conclude();
    } catch (error) {
      keep = error instanceof ProvenWrong;
      if (keep) options.say(`seed ${seed}: what is left of it lies in ${installation.directory}`);
      throw error;
    } finally {
      rehearsal.load.abandon();
      await installation.close({ keep });
    }
  }

  async #conclude(): Promise<Figures> {
    if (!this.node.alive) await this.node.start();
    const drained_ms = await this.load.finish(PATIENCE_MS);
    await this.node.stop();
    await this.#installation.provider.stop();
    this.#options.say(
      `the last of ${this.load.finished} workflows ended ${drained_ms} ms after the last fault`,
    );
    const tally = new Tally();
    const mustFail = (workflow: string): boolean => isNeverGoodEnough(this.#options.seed, workflow);
    const { failures, mayFailWith = null } = this.#scene;
    const circumstances = { lives: this.node.lives, failures, mustFail, mayFailWith };
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
      const violation = firstViolation(evidence, circumstances);
      if (violation) {
        await this.#keep(evidence);
        throw new ProvenWrong(violation);
      }
      tally.add(evidence);
    }
    return this.#figures(tally, drained_ms);
  }

  /** The store may be gone with this process, so what it says of the workflow is written down. */
  async #keep(evidence: WorkflowEvidence): Promise<void> {
    const asJson = (_key: string, value: unknown): unknown =>
      value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
    const file = join(this.#installation.directory, "evidence.json");
    await writeFile(file, JSON.stringify(evidence, asJson, 2));
  }

  #figures(tally: Tally, drained_ms: number): Figures {
    const { lives } = this.node;
    const { finished, cuts, waits, answers } = this.load;
    const { interrupted_lives, ...counts } = tally.figures();
    const starts = lives.flatMap((life) => (life.ready_at === null ? [] : [life.ready_at - life.started_at]));
    const hits = lives.flatMap((life) => life.hits);
    return {
      store: this.#options.store,
      seed: this.#options.seed,
      size: this.#options.size,
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
      start_ms_p50: starts.toSorted((left, right) => left - right)[Math.floor(starts.length / 2)] ?? null,
      drained_ms,
      errors_logged: lives.reduce((sum, life) => sum + life.errors_logged, 0),
      duration_s: Math.round((performance.now() - this.#started) / 1000),
    };
  }
}

/** Counts over all workflows. */
class Tally {
  readonly #owners = new Set<string>();
  readonly #counts = {
    completed: 0,
    failed: 0,
    failed_otherwise: 0,
    waiting: 0,
    events: 0,
    steps: 0,
    requests: 0,
    reasked: 0,
    interruptions: 0,
    replayed: 0,
    connections: 0,
    frames: 0,
    frames_twice: 0,
    frames_in_other_bytes: 0,
    delivered_directories: 0,
    staging_left: 0,
  };

  add(evidence: WorkflowEvidence): void {
    const { stored, events, steps, referee, transcripts, delivered } = evidence;
    const counts = this.#counts;
    if (stored?.head.status === "completed") counts.completed += 1;
    else if (stored?.head.status === "failed") counts.failed += 1;
    else counts.waiting += 1;
    if (![undefined, "repair_exhausted"].includes(stored?.head.error?.code)) counts.failed_otherwise += 1;
    counts.events += events.length;
    counts.steps += steps.filter((step) => step.status === "completed").length;
    counts.requests += referee.filter((record) => record.kind === "asked").length;
    counts.reasked += events.filter((event) => event.type === "model.reasked").length;
    counts.replayed += events.filter((event) => event.type === "model.replayed").length;
    counts.frames_in_other_bytes += framesInOtherBytes(evidence);
    for (const { connections } of transcripts) {
      const frames = connections.reduce((sum, connection) => sum + connection.frames.length, 0);
      counts.connections += connections.length;
      counts.frames += frames;
      counts.frames_twice += frames - events.length;
    }
    if (delivered !== null && delivered.size > 0) counts.delivered_directories += 1;
    if (delivered !== null && [...delivered.keys()].some(isStaging)) counts.staging_left += 1;
    this.#addInterruptions(evidence);
  }

  figures() {
    return { ...this.#counts, interrupted_lives: this.#owners.size };
  }

  #addInterruptions({ events }: WorkflowEvidence): void {
    const owners = new Map<string, string>();
    for (const { type, step_id, payload } of events) {
      if (type === "step.started") owners.set(`${step_id}#${payload.attempt}`, payload.owner);
      if (type !== "step.failed" || payload.code !== "interrupted") continue;
      this.#counts.interruptions += 1;
      this.#owners.add(owners.get(`${step_id}#${payload.attempt}`) ?? "");
    }
  }
}
