import { isDeepStrictEqual } from "node:util";

import { eventRow } from "../../src/core/workflow/event-row.ts";
import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import { fold } from "../../src/core/workflow/evolve.ts";
import { comparable, restoreState } from "../../src/core/workflow/restore-state.ts";
import { isTerminal, newestDelivery } from "../../src/core/workflow/state.ts";
import { attemptOf, eventsOf, ownersOf, toolRoundsOf } from "./events-of.ts";
import { hashOf, type WorkflowEvidence } from "./evidence.ts";
import { attemptsAreBounded, partialIsNeverUsed, waitsSayWhy } from "./fault-invariants.ts";
import { hasStoodStill, tellsTheTime, wasBroken, wasKilled } from "./lives.ts";
import type { NodeLife } from "./node.ts";
import type { Violation } from "./proven-wrong.ts";
import { type Digests, digestsOf } from "./resuming-client.ts";

/** What the experiment did to one workflow, so that the checker can tell what has to be put up with. */
export type Circumstances = {
  readonly lives: readonly NodeLife[];
  /** Codes of failed attempts that the faults of this experiment explain. */
  readonly failures: readonly string[];
  /** The code with which the answers of the model leave it no other end than to fail; null when it has to complete. */
  readonly mustFailWith: string | null;
  /** Codes with which it may fail instead because of the faults. */
  readonly mayFailWith: readonly string[];
  /** Whether the store was stopped, so that nodes may have lost their connections without any harm to themselves. */
  readonly storeWentAway: boolean;
};

export type Finding = { readonly step?: string; readonly detail: string };
export type Invariant = (evidence: WorkflowEvidence, circumstances: Circumstances) => Iterable<Finding>;

const MOST_REASKS = 2;
/** What only the attempt may write that runs. */
const OF_AN_OWNER: readonly string[] = [
  "step.completed",
  "step.failed",
  "model.requested",
  "model.reasked",
  "model.replayed",
];

/** Each promise with what shows that it was broken; the first finding is the verdict. */
const INVARIANTS: Readonly<Record<string, Invariant>> = {
  accepted_is_kept: acceptedIsKept,
  feed_is_gapless: feedIsGapless,
  attempts_increase: attemptsIncrease,
  one_owner_at_a_time: oneOwnerAtATime,
  finished_never_repeats: finishedNeverRepeats,
  recorded_never_repeats: recordedNeverRepeats,
  requests_are_explained: requestsAreExplained,
  interruptions_are_explained: interruptionsAreExplained,
  records_are_true: recordsAreTrue,
  attempts_are_bounded: attemptsAreBounded,
  partial_is_never_used: partialIsNeverUsed,
  waits_say_why: waitsSayWhy,
  accepted_ends: acceptedEnds,
  ends_as_foreseen: endsAsForeseen,
  rows_follow_the_journal: rowsFollowTheJournal,
  stream_equals_the_journal: streamEqualsTheJournal,
  content_is_kept: contentIsKept,
  delivery_is_complete: deliveryIsComplete,
};

export const INVARIANT_NAMES = Object.keys(INVARIANTS);

/** The first promise that the evidence of one workflow shows broken; null when all were kept. */
export function firstViolation(evidence: WorkflowEvidence, circumstances: Circumstances): Violation | null {
  for (const [invariant, findings] of Object.entries(INVARIANTS)) {
    for (const { step, detail } of findings(evidence, circumstances))
      return { invariant, workflow: evidence.id, step: step ?? null, detail };
  }
  return null;
}

function* acceptedIsKept({ accepted, stored }: WorkflowEvidence): Iterable<Finding> {
  if (stored === null) yield { detail: "was accepted and is not in the store" };
  if (accepted === null) yield { detail: "is in the store and nobody has asked for it" };
}

function* feedIsGapless({ events, stored }: WorkflowEvidence): Iterable<Finding> {
  for (const [index, { seq }] of events.entries()) {
    if (seq !== index + 1) return yield { detail: `event ${index + 1} of the feed has seq ${seq}` };
  }
  if (stored && stored.head.version !== events.length)
    yield { detail: `${events.length} events stand beside version ${stored.head.version}` };
}

function* acceptedEnds({ stored, steps }: WorkflowEvidence): Iterable<Finding> {
  if (!stored) return;
  const { status, closed, waiting } = stored.head;
  if (!isTerminal(status)) {
    if (waiting === null) yield { detail: `is ${status} and waits for nothing that can be seen` };
    return;
  }
  if (!closed) yield { detail: `is ${status} and was never closed` };
  for (const step of steps)
    if (step.status === "running" || step.status === "queued")
      yield { step: step.id, detail: `is ${step.status} in a workflow that is ${status} and closed` };
}

/** Faults change when a workflow ends, and how only where nothing else is possible. */
function* endsAsForeseen({ stored }: WorkflowEvidence, circumstances: Circumstances): Iterable<Finding> {
  const { mustFailWith, mayFailWith } = circumstances;
  if (!stored || !isTerminal(stored.head.status)) return;
  const { status, error } = stored.head;
  if (error !== null && mayFailWith.includes(error.code)) return;
  const foreseen = mustFailWith === null ? "completed" : "failed";
  if (status !== foreseen)
    yield { detail: `is ${status} (${error?.code ?? "no error"}) and had to be ${foreseen}` };
  else if (status === "failed" && error?.code !== mustFailWith)
    yield { detail: `failed with ${error?.code} and not ${mustFailWith}: ${error?.message}` };
}

function* rowsFollowTheJournal({ stored, events, steps, modelCalls }: WorkflowEvidence): Iterable<Finding> {
  if (!stored) return;
  const folded = comparable(fold(events)) as Record<string, unknown>;
  const rows = comparable(restoreState(stored.head, stored.parts)) as Record<string, unknown>;
  for (const part of Object.keys(folded))
    if (!isDeepStrictEqual(folded[part], rows[part]))
      yield { detail: `the rows of ${part} differ from fold(events)` };
  const statuses = new Map(eventsOf(events, "step.completed").map((event) => [event.step_id, event]));
  for (const step of steps)
    if ((step.status === "completed") !== statuses.has(step.id))
      yield { step: step.id, detail: `its row says ${step.status}, the journal does not` };
  const requested = eventsOf(events, "model.requested").length;
  const called = eventsOf(events, "model.called").length;
  const ended = modelCalls.filter(({ status }) => status !== "requested").length;
  if (requested !== modelCalls.length || called !== ended)
    yield {
      detail: `of ${modelCalls.length} rows of model calls ${ended} ended, of ${requested} events ${called}`,
    };
}

function* attemptsIncrease({ events }: WorkflowEvidence): Iterable<Finding> {
  const attempts = new Map<string, number>();
  const finished = new Set<string>();
  for (const event of events) {
    const step = event.step_id ?? "";
    if (event.type === "step.started") {
      const { attempt } = event.payload;
      if (finished.has(step)) yield { step, detail: `attempt ${attempt} starts after its end` };
      const before = attempts.get(step) ?? 0;
      if (attempt !== before + 1) yield { step, detail: `attempt ${attempt} follows on attempt ${before}` };
      attempts.set(step, attempt);
    }
    if (event.type !== "step.completed") continue;
    if (finished.has(step)) yield { step, detail: "was completed twice" };
    if (event.payload.attempt !== attempts.get(step))
      yield { step, detail: `attempt ${event.payload.attempt} completed it, ${attempts.get(step)} owned it` };
    finished.add(step);
  }
}

/** The next attempt starts when the one before has ended; of an old one only the cost of a call comes late. */
function* oneOwnerAtATime({ events }: WorkflowEvidence): Iterable<Finding> {
  const running = new Map<string, number>();
  const calls = new Set<string>();
  for (const { type, step_id, payload } of events) {
    const step = step_id ?? "";
    const attempt = "attempt" in payload ? payload.attempt : null;
    if (type === "step.started") {
      if (running.has(step))
        yield { step, detail: `attempt ${attempt} starts while attempt ${running.get(step)} runs` };
      running.set(step, payload.attempt);
    } else if (type === "model.called" && attempt !== running.get(step)) {
      if (!calls.has(`${step}#${attempt}/${payload.ordinal}`))
        yield { step, detail: `attempt ${attempt} wrote of a call that it had not announced` };
    } else if (OF_AN_OWNER.includes(type) && attempt !== running.get(step))
      yield { step, detail: `attempt ${attempt} wrote ${type}; ${running.get(step) ?? "none"} ran` };
    if (type === "model.requested") calls.add(`${step}#${attempt}/${payload.ordinal}`);
    if (type === "step.completed" || type === "step.failed" || type === "step.cancelled")
      running.delete(step);
  }
}

/** A request of an old attempt may come after the end only when its process stood still meanwhile. */
function* finishedNeverRepeats(
  { events, referee }: WorkflowEvidence,
  { lives }: Circumstances,
): Iterable<Finding> {
  const owners = ownersOf(events);
  const ends = new Map(
    eventsOf(events, "step.completed").map((event) => [
      event.step_id,
      { attempt: event.payload.attempt, at: Date.parse(event.occurred_at) },
    ]),
  );
  for (const record of referee) {
    const { kind, step, attempt, at } = record;
    const end = ends.get(step);
    if (kind !== "asked" || !end) continue;
    if (attempt > end.attempt)
      yield { step, detail: `attempt ${attempt} asked the model; attempt ${end.attempt} had completed it` };
    if (!tellsTheTime(lives, owners.get(attemptOf(step, end)))) continue;
    if (at > end.at && !hasStoodStill(lives, owners.get(attemptOf(step, record)), at))
      yield { step, detail: `attempt ${attempt} asked the model ${at - end.at} ms after its end` };
  }
}

/** A recorded answer is never paid for again: an attempt that starts after it is served from the journal. */
function* recordedNeverRepeats({ events, referee }: WorkflowEvidence): Iterable<Finding> {
  const recorded = recordedCalls(events);
  const starts = new Map(
    eventsOf(events, "step.started").map(({ step_id, payload, seq }) => [attemptOf(step_id, payload), seq]),
  );
  for (const record of referee) {
    const { kind, step, attempt, call } = record;
    const first = kind === "asked" ? recorded.get(`${step}/${call}`) : undefined;
    if (first && first.attempt < attempt && first.seq < (starts.get(attemptOf(step, record)) ?? 0))
      yield {
        step,
        detail: `attempt ${attempt} asked call ${call} again; attempt ${first.attempt} had recorded its answer`,
      };
  }
  for (const { step_id, payload } of eventsOf(events, "model.replayed")) {
    const first = recorded.get(`${step_id}/${payload.ordinal}`)?.attempt ?? payload.attempt;
    if (first >= payload.attempt)
      yield {
        step: step_id ?? "",
        detail: `attempt ${payload.attempt} replays what no earlier one has recorded`,
      };
  }
}

/** Every request was announced by its attempt before it left, and goes on from an answer that had to be re-asked. */
function* requestsAreExplained(
  { events, referee }: WorkflowEvidence,
  { lives }: Circumstances,
): Iterable<Finding> {
  const announced = new Map(
    eventsOf(events, "model.requested").map(({ step_id, payload, occurred_at }) => [
      `${attemptOf(step_id, payload)}/${payload.ordinal}`,
      Date.parse(occurred_at),
    ]),
  );
  const owners = ownersOf(events);
  const recorded = recordedCalls(events);
  const rounds = toolRoundsOf(events);
  const asked = new Set<string>();
  const flawed = new Set<string>();
  const newest = new Map<string, number>();
  for (const record of referee) {
    const { step, attempt, call } = record;
    const of = attemptOf(step, record);
    if (record.kind === "answered") {
      if (record.flawed) flawed.add(`${step}/${call}`);
      continue;
    }
    const announcedAt = announced.get(`${of}/${call}`) ?? Number.POSITIVE_INFINITY;
    const late = announcedAt > record.at && tellsTheTime(lives, owners.get(of));
    if (late || announcedAt === Number.POSITIVE_INFINITY)
      yield { step, detail: `attempt ${attempt} made call ${call} before it was journaled` };
    if (asked.has(`${of}/${call}`)) yield { step, detail: `attempt ${attempt} made call ${call} twice` };
    asked.add(`${of}/${call}`);
    const before = recorded.get(`${step}/${call - 1}`)?.attempt ?? attempt;
    const served = before < attempt || asked.has(`${of}/${call - 1}`);
    if (call > 1 && !served)
      yield { step, detail: `attempt ${attempt} made call ${call} without call ${call - 1}` };
    if (call > 1 && !flawed.has(`${step}/${call - 1}`))
      yield { step, detail: `attempt ${attempt} asked again after an answer that was good` };
    if (call > 1 + MOST_REASKS + (rounds.get(step) ?? 0))
      yield { step, detail: `attempt ${attempt} made call ${call}` };
    if (attempt < (newest.get(step) ?? 0) && !hasStoodStill(lives, owners.get(of), record.at))
      yield { step, detail: `attempt ${attempt} asked after attempt ${newest.get(step)} had` };
    newest.set(step, Math.max(attempt, newest.get(step) ?? 0));
  }
}

/** An attempt only fails where a fault of the experiment explains it: the process that owned it is really gone. */
function* interruptionsAreExplained(
  { events }: WorkflowEvidence,
  { lives, failures, storeWentAway }: Circumstances,
): Iterable<Finding> {
  // A process that died before it could say its name is none of these.
  const sound = new Set(lives.filter((life) => !wasBroken(life)).map((life) => life.instance_id));
  const killed = new Set(lives.filter(wasKilled).map((life) => life.instance_id));
  const owners = ownersOf(events);
  for (const { step_id, payload } of eventsOf(events, "step.failed")) {
    const { attempt, code, message } = payload;
    const step = step_id ?? "";
    const owner = owners.get(attemptOf(step, payload)) ?? "";
    if (!failures.includes(code))
      yield { step, detail: `attempt ${attempt} failed with ${code}: ${message}` };
    if (code === "interrupted" && !storeWentAway && sound.has(owner))
      yield {
        step,
        detail: `attempt ${attempt} was called interrupted, and nothing had happened to the process that ran it`,
      };
    if (code === "released" && killed.has(owner))
      yield { step, detail: `attempt ${attempt} was given back by a process that was killed` };
  }
}

/** What the journal says of model calls, the referee has seen; what was completed by a model was said by one. */
function* recordsAreTrue({ events, referee }: WorkflowEvidence): Iterable<Finding> {
  const answered = new Set(
    referee.flatMap((record) =>
      record.kind === "answered" && record.whole ? [`${attemptOf(record.step, record)}/${record.call}`] : [],
    ),
  );
  const spoken = new Set<string>();
  for (const { step_id, payload } of eventsOf(events, "model.called")) {
    const step = step_id ?? "";
    spoken.add(step);
    if (payload.error === null && !answered.has(`${attemptOf(step, payload)}/${payload.ordinal}`))
      yield {
        step,
        detail: `call ${payload.ordinal} of attempt ${payload.attempt} is recorded and was never answered`,
      };
  }
  for (const { step_id, role } of eventsOf(events, "step.completed"))
    if (role !== null && !spoken.has(step_id ?? ""))
      yield { step: step_id ?? "", detail: "is completed without a model call" };
}

function* streamEqualsTheJournal({ id, events, transcripts }: WorkflowEvidence): Iterable<Finding> {
  const stored = digestsOfStored(id, events);
  for (const { connections } of transcripts) {
    const seen = new Set<number>();
    for (const { after, frames } of connections) {
      for (const [index, { seq, content }] of frames.entries()) {
        if (seq !== after + index + 1)
          yield { detail: `after ${after} a stream brought event ${seq} in place ${index + 1}` };
        if (content !== stored[seq - 1]?.content)
          yield { detail: `a stream brought another event ${seq} than is stored` };
        seen.add(seq);
      }
    }
    if (seen.size !== events.length)
      yield { detail: `${seen.size} different events came over a stream, ${events.length} are stored` };
  }
}

function* contentIsKept({ contents }: WorkflowEvidence): Iterable<Finding> {
  for (const [hash, content] of contents) {
    if (content === null) yield { detail: `the content ${hash} is missing` };
    else if (hashOf(content) !== hash) yield { detail: `the content ${hash} is another` };
  }
}

/** The newest revision of every artifact lies in the directory, and nothing else does but what a killed delivery left. */
function* deliveryIsComplete({ stored, contents, delivered }: WorkflowEvidence): Iterable<Finding> {
  if (!stored || delivered === null || stored.head.status !== "completed") return;
  const state = restoreState(stored.head, stored.parts);
  if (newestDelivery(state)?.status !== "delivered")
    return yield { step: "delivery", detail: "is completed and not delivered" };
  const missing = new Map(delivered);
  for (const { path, hash } of state.latest_artifacts.values()) {
    if (delivered.get(path) !== contents.get(hash))
      yield { step: "delivery", detail: `${path} is not as it was written` };
    missing.delete(path);
  }
  for (const path of missing.keys())
    if (!isStaging(path)) yield { step: "delivery", detail: `${path} was delivered and is no artifact` };
}

/** What a process leaves that is killed in the middle of writing a directory. */
export function isStaging(path: string): boolean {
  return /^\.orca-\w+\//.test(path);
}

function digestsOfStored(id: string, events: readonly WorkflowEvent[]): Digests[] {
  return events.map((event) => digestsOf(event.type, JSON.stringify(eventRow(id, event))));
}

/** Frames with the content of the stored event in other bytes. */
export function framesInOtherBytes({ id, events, transcripts }: WorkflowEvidence): number {
  const stored = digestsOfStored(id, events);
  return transcripts
    .flatMap(({ connections }) => connections.flatMap(({ frames }) => frames))
    .filter(({ seq, bytes }) => bytes !== stored[seq - 1]?.bytes).length;
}

type Recorded = { readonly attempt: number; readonly seq: number };

/** The first attempt that has recorded an answer, by step and call. */
function recordedCalls(events: readonly WorkflowEvent[]): Map<string, Recorded> {
  const recorded = new Map<string, Recorded>();
  for (const { step_id, payload, seq } of eventsOf(events, "model.called")) {
    const call = `${step_id}/${payload.ordinal}`;
    const { attempt, error } = payload;
    if (error === null && !recorded.has(call)) recorded.set(call, { attempt, seq });
  }
  return recorded;
}
