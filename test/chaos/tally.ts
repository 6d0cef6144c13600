import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import { framesInOtherBytes, isStaging } from "./checker.ts";
import { attemptOf, eventsOf, ownersOf } from "./events-of.ts";
import type { WorkflowEvidence } from "./evidence.ts";
import { tellsTheTime } from "./lives.ts";
import type { NodeLife } from "./node.ts";

function increase(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Milliseconds, how they spread. */
export type Spread = {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** Null when there is nothing that could spread. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  if (sorted.length === 0) return null;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Counts over all workflows. */
export class Tally {
  readonly #ends: ReadonlyMap<string | null, number>;
  readonly #takeovers: number[] = [];
  readonly #feedDelays: number[] = [];
  readonly #lives: ReadonlyMap<string | null, NodeLife>;
  readonly #fought = new Set<object>();
  readonly #wentOn = new Set<object>();
  readonly #owners = new Set<string>();
  readonly #faults: Record<string, number> = {};
  readonly #startsByVersion: Record<string, number> = {};
  readonly #failures: Record<string, number> = {};
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
    calls_in_doubt: 0,
    replayed: 0,
    connections: 0,
    frames: 0,
    frames_twice: 0,
    frames_in_other_bytes: 0,
    delivered_directories: 0,
    staging_left: 0,
    workflows_of_many_versions: 0,
    times_that_went_back: 0,
  };

  constructor(lives: readonly NodeLife[]) {
    this.#lives = new Map(lives.map((life) => [life.instance_id, life]));
    this.#ends = new Map(
      lives.flatMap(({ instance_id, killed_at, ended_at, ending }) => {
        const at = killed_at ?? ended_at;
        return at === null || ending === "stopped" ? [] : [[instance_id, at] as const];
      }),
    );
  }

  add(evidence: WorkflowEvidence): void {
    const { stored, events, steps, referee, transcripts, delivered } = evidence;
    const counts = this.#counts;
    if (stored?.head.status === "completed") counts.completed += 1;
    else if (stored?.head.status === "failed") counts.failed += 1;
    else counts.waiting += 1;
    if (![undefined, "stalled"].includes(stored?.head.error?.code)) counts.failed_otherwise += 1;
    counts.events += events.length;
    counts.steps += steps.filter((step) => step.status === "completed").length;
    counts.requests += referee.filter((record) => record.kind === "asked").length;
    counts.reasked += events.filter((event) => event.type === "model.reasked").length;
    counts.replayed += events.filter((event) => event.type === "model.replayed").length;
    counts.calls_in_doubt += evidence.modelCalls.filter(({ status }) => status === "requested").length;
    counts.times_that_went_back += timesThatWentBack(events);
    counts.frames_in_other_bytes += framesInOtherBytes(evidence);
    for (const { connections } of transcripts) {
      const frames = connections.reduce((sum, connection) => sum + connection.frames.length, 0);
      counts.connections += connections.length;
      counts.frames += frames;
      counts.frames_twice += frames - events.length;
    }
    if (delivered !== null && delivered.size > 0) counts.delivered_directories += 1;
    if (delivered !== null && [...delivered.keys()].some(isStaging)) counts.staging_left += 1;
    for (const record of referee)
      if (record.kind === "answered" && record.fault !== null) increase(this.#faults, record.fault);
    for (const { payload } of eventsOf(events, "step.failed")) increase(this.#failures, payload.code);
    this.#addInterruptions(evidence);
    this.#addFeedDelays(evidence);
    this.#addDuels(evidence);
    this.#addVersions(evidence);
  }

  figures() {
    return {
      ...this.#counts,
      faults: this.#faults,
      failed_attempts: this.#failures,
      starts_by_version: this.#startsByVersion,
      suspensions: [...this.#lives.values()].flatMap(({ suspensions }) => suspensions).length,
      suspensions_that_lost_a_step: this.#fought.size,
      suspensions_after_which_work_went_on: this.#wentOn.size,
      takeover_ms: spreadOf(this.#takeovers),
      feed_delay_ms: spreadOf(this.#feedDelays),
      interrupted_lives: this.#owners.size,
    };
  }

  /** A takeover lasts from the end of a process until its attempt is declared over. */
  #addInterruptions({ events }: WorkflowEvidence): void {
    const owners = ownersOf(events);
    for (const { step_id, payload, occurred_at } of eventsOf(events, "step.failed")) {
      if (payload.code !== "interrupted") continue;
      const owner = owners.get(attemptOf(step_id, payload)) ?? "";
      this.#counts.interruptions += 1;
      this.#owners.add(owner);
      const end = this.#ends.get(owner);
      if (end !== undefined) this.#takeovers.push(Date.parse(occurred_at) - end);
    }
  }

  /** A suspension is fought over when a step of the process is taken from it; afterwards it has to work again. */
  #addDuels({ events }: WorkflowEvidence): void {
    const owners = ownersOf(events);
    for (const { type, step_id, payload, occurred_at } of events) {
      if (type !== "step.started" && type !== "step.failed") continue;
      const at = Date.parse(occurred_at);
      const owner = owners.get(attemptOf(step_id, payload)) ?? "";
      for (const suspension of this.#lives.get(owner)?.suspensions ?? []) {
        const { from, to } = suspension;
        if (type === "step.failed" && payload.code === "interrupted" && at > from)
          this.#fought.add(suspension);
        if (type === "step.started" && to !== null && at > to) this.#wentOn.add(suspension);
      }
    }
  }

  /** Attempts by the version of the process that started them. */
  #addVersions({ events }: WorkflowEvidence): void {
    const versions = eventsOf(events, "step.started").map(
      ({ payload }) => this.#lives.get(payload.owner)?.version ?? "unknown",
    );
    for (const version of versions) increase(this.#startsByVersion, version);
    if (new Set(versions).size > 1) this.#counts.workflows_of_many_versions += 1;
  }

  /** From the commit of an event by one node until a client read it at another; catching up does not count. */
  #addFeedDelays({ events, transcripts }: WorkflowEvidence): void {
    const writers = writersOf(events);
    for (const { connections } of transcripts)
      for (const { instance_id, opened_at, frames } of connections)
        for (const { seq, at } of frames) {
          const event = events[seq - 1];
          const writer = writers[seq - 1];
          if (!event || writer == null || writer === instance_id) continue;
          if (!tellsTheTime([...this.#lives.values()], writer)) continue;
          const committed = Date.parse(event.occurred_at);
          if (committed > opened_at) this.#feedDelays.push(at - committed);
        }
  }
}

/** Further than clocks of one machine differ, or the times at which one event waits for another to be written. */
const APART_MS = 10_000;

/** Events that say they happened well before the one before them. */
function timesThatWentBack(events: readonly WorkflowEvent[]): number {
  const times = events.map(({ occurred_at }) => Date.parse(occurred_at));
  return times.filter((time, index) => time < (times[index - 1] ?? 0) - APART_MS).length;
}

/** The process that wrote each event, where the event tells. */
function writersOf(events: readonly WorkflowEvent[]): (string | null)[] {
  const owners = new Map<string, string>();
  return events.map(({ type, step_id, payload }) => {
    if (type === "step.started" && step_id !== null) owners.set(step_id, payload.owner);
    const late = type === "step.failed" && payload.code === "interrupted";
    return late || step_id === null ? null : (owners.get(step_id) ?? null);
  });
}
