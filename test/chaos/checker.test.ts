import { describe, expect, test } from "vitest";

import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import { creation } from "../../src/core/workflow/testing/workflow-driver.testsuite.ts";
import { type Circumstances, firstViolation, INVARIANT_NAMES } from "./checker.ts";
import { ownersOf, toolRoundsOf } from "./events-of.ts";
import type { WorkflowEvidence } from "./evidence.ts";
import type { NodeLife } from "./node.ts";
import { PARTIAL } from "./provider-faults.ts";
import type { RefereeRecord } from "./referee.ts";
import { isNeverGoodEnough } from "./seeded-answers.ts";
import { soundEvidence } from "./sound-evidence.ts";

const killed: NodeLife = {
  node: 1,
  version: "ours",
  started_at: 0,
  instance_id: "node-1",
  ready_at: 1,
  killed_at: 2,
  suspensions: [],
  ended_at: 2,
  ending: "killed",
  hits: [],
  errors_logged: 0,
  clock_jumps: 0,
  peak_rss_bytes: 0,
};
const circumstances = (seed: string): Circumstances => ({
  lives: [killed],
  failures: ["interrupted"],
  mustFailWith: isNeverGoodEnough(seed, creation().id) ? "stalled" : null,
  mayFailWith: [],
  storeWentAway: false,
});

const SEED = "control";
const sound = soundEvidence(SEED);
const middle = Math.floor(sound.events.length / 2);

function verdict(change: Partial<WorkflowEvidence>, over: Partial<Circumstances> = {}) {
  return firstViolation({ ...sound, ...change }, { ...circumstances(SEED), ...over });
}

function asked(fits: (record: RefereeRecord) => boolean = () => true): RefereeRecord {
  const found = sound.referee.findLast((record) => record.kind === "asked" && fits(record));
  if (!found) throw new Error("the recording has no such request");
  return found;
}

function head(change: Partial<NonNullable<WorkflowEvidence["stored"]>["head"]>): WorkflowEvidence["stored"] {
  return sound.stored && { ...sound.stored, head: { ...sound.stored.head, ...change } };
}

test("a workflow whose promises were kept is not accused, whatever its course", () => {
  const courses = Array.from({ length: 60 }, (_, index) => `course ${index}`);
  const seen = { interrupted: 0, replayed: 0, reasked: 0, failed: 0 };
  for (const seed of courses) {
    const evidence = soundEvidence(seed);
    expect([seed, firstViolation(evidence, circumstances(seed))]).toEqual([seed, null]);
    for (const { type } of evidence.events) {
      if (type === "step.failed") seen.interrupted += 1;
      if (type === "model.replayed") seen.replayed += 1;
    }
    seen.reasked += evidence.referee.filter(({ call }) => call > 1).length;
    if (evidence.stored?.head.status === "failed") seen.failed += 1;
  }
  expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
});

/** One way to break each promise; the name is what the checker has to call it. */
const BREACHES: Readonly<Record<string, () => ReturnType<typeof verdict>>> = {
  "accepted_is_kept: lost": () => verdict({ stored: null, events: [] }),
  "accepted_is_kept: made up": () => verdict({ accepted: null }),
  "feed_is_gapless: an event is missing": () => verdict({ events: sound.events.toSpliced(middle, 1) }),
  "feed_is_gapless: the last event is missing": () => verdict({ events: sound.events.slice(0, -1) }),
  "accepted_ends: never closed": () => verdict({ stored: head({ closed: false }) }),
  "accepted_ends: stands still": () => verdict({ stored: head({ status: "running" }) }),
  "accepted_ends: a step still runs": () =>
    verdict({
      steps: sound.steps.map((step) => (step.id === "qa:0" ? { ...step, status: "running" } : step)),
    }),
  "ends_as_foreseen: failed for another reason": () => verdict({}, { mustFailWith: "stalled" }),
  "rows_follow_the_journal: another head": () => verdict({ stored: head({ title: "another" }) }),
  "rows_follow_the_journal: a part is missing": () =>
    verdict({ stored: sound.stored && { ...sound.stored, parts: sound.stored.parts.toSpliced(3, 1) } }),
  "rows_follow_the_journal: a row of a step": () =>
    verdict({
      steps: sound.steps.map((step) => (step.id === "qa:0" ? { ...step, status: "cancelled" } : step)),
    }),
  "rows_follow_the_journal: a model call": () => verdict({ modelCalls: sound.modelCalls.slice(1) }),
  "attempts_increase: started again after its end": () => {
    const end = sound.events.findLastIndex((event) => event.type === "step.completed");
    const step = sound.events[end]?.step_id;
    const start = sound.events.findLast((event) => event.type === "step.started" && event.step_id === step);
    const events = [...sound.events.slice(0, end + 1), start!, ...sound.events.slice(end + 1)];
    const stored = head({ version: events.length });
    return verdict({ events: events.map((event, index) => ({ ...event, seq: index + 1 })), stored });
  },
  "attempts_increase: an attempt is left out": () => {
    const event = sound.events.find(({ type, step_id }) => type === "step.started" && step_id === "qa:0");
    const later = { ...event, payload: { ...event?.payload, attempt: 7 } } as WorkflowEvent;
    return verdict({ events: sound.events.with(later.seq - 1, later) });
  },
  "one_owner_at_a_time: written by an attempt that is over": () => {
    const call = sound.events.find((event) => event.type === "model.requested" && event.payload.attempt > 1);
    const late = { ...call, payload: { ...call?.payload, attempt: 1 } } as WorkflowEvent;
    return verdict({ events: sound.events.with(late.seq - 1, late) });
  },
  "attempts_are_bounded: tried after the last time": () => {
    const failed = sound.events.find((event) => event.type === "step.failed");
    const last = { ...failed, payload: { ...failed?.payload, code: "credit" } } as WorkflowEvent;
    return verdict(
      { events: sound.events.with(last.seq - 1, last) },
      { failures: ["interrupted", "credit"] },
    );
  },
  "partial_is_never_used: asked with": () =>
    verdict({
      referee: sound.referee.map((record) =>
        record.kind === "asked" && record.step === "qa:0" ? { ...record, leaks: true } : record,
      ),
    }),
  "partial_is_never_used: kept": () =>
    verdict({ contents: new Map([...sound.contents].map(([hash]) => [hash, PARTIAL])) }),
  "waits_say_why: no message": () => {
    const moved = sound.events.find((event) => event.type === "state.transition");
    const silent = { from: "running", to: "paused", reason: "credit", message: null };
    return verdict({
      events: sound.events.with(moved!.seq - 1, { ...moved, payload: silent } as WorkflowEvent),
    });
  },
  "finished_never_repeats: a new attempt": () => {
    const request = asked(({ step }) => step === "qa:0");
    return verdict({ referee: [...sound.referee, { ...request, attempt: request.attempt + 5 }] });
  },
  "finished_never_repeats: after the commit": () => {
    const request = asked(({ step }) => step === "qa:0");
    return verdict({ referee: [...sound.referee, { ...request, at: request.at + 3_600_000 }] });
  },
  "recorded_never_repeats: paid twice": () => {
    const replay = sound.events.find((event) => event.type === "model.replayed");
    if (replay?.type !== "model.replayed") throw new Error("the recording has no replay");
    const { attempt, ordinal } = replay.payload;
    const first = asked((record) => record.step === replay.step_id && record.call === ordinal);
    const at = Date.parse(replay.occurred_at);
    return verdict({ referee: [...sound.referee, { ...first, attempt, at }] });
  },
  "requests_are_explained: it left before it was journaled": () =>
    verdict({
      events: sound.events.map((event) => (event.type === "model.requested" ? anHourLater(event) : event)),
    }),
  "requests_are_explained: the same call twice": () => verdict({ referee: [asked(), ...sound.referee] }),
  "requests_are_explained: re-asked after a good answer": () => {
    const good = asked(({ step, call, attempt }) =>
      sound.referee.some(
        (record) =>
          record.kind === "answered" &&
          !record.flawed &&
          record.step === step &&
          record.call === call &&
          record.attempt === attempt,
      ),
    );
    return verdict({ referee: [...sound.referee, { ...good, call: good.call + 1 }] });
  },
  "interruptions_are_explained: nobody was killed": () =>
    verdict({}, { lives: [{ ...killed, ending: "stopped" }] }),
  "interruptions_are_explained: another failure": () => verdict({}, { failures: ["network"] }),
  "records_are_true: never answered": () =>
    verdict({ referee: sound.referee.filter(({ kind, step }) => kind === "asked" || step !== "qa:0") }),
  "stream_equals_the_journal: an event never came": () =>
    verdict({ transcripts: transcriptsOf((frames) => frames.slice(0, -1)) }),
  "stream_equals_the_journal: out of order": () =>
    verdict({ transcripts: transcriptsOf(([first, second, ...rest]) => [second!, first!, ...rest]) }),
  "stream_equals_the_journal: another content": () =>
    verdict({
      transcripts: transcriptsOf(([first, ...rest]) => [{ ...first!, content: "another" }, ...rest]),
    }),
  "content_is_kept: missing": () =>
    verdict({ contents: new Map([...sound.contents].map(([hash]) => [hash, null])) }),
  "content_is_kept: another": () =>
    verdict({ contents: new Map([...sound.contents].map(([hash]) => [hash, "another"])) }),
  "delivery_is_complete: a file is missing": () =>
    verdict({ delivered: new Map([...(sound.delivered ?? [])].slice(1)) }),
  "delivery_is_complete: a file too many": () =>
    verdict({ delivered: new Map([...(sound.delivered ?? []), ["extra.txt", ""]]) }),
};

test("times of a process whose clock jumps accuse nobody, and what does not follow its order does", () => {
  const wandering = [...new Set(ownersOf(sound.events).values())].map((instance_id) => ({
    ...killed,
    instance_id,
    clock_jumps: 1,
  }));
  const late = sound.events.map((event) => (event.type === "model.requested" ? anHourLater(event) : event));
  expect(verdict({ events: late })?.invariant).toBe("requests_are_explained");
  expect(verdict({ events: late, transcripts: [] }, { lives: wandering })).toBeNull();
  const request = asked(({ step }) => step === "qa:0");
  const hourAfter = { ...request, at: request.at + 3_600_000 };
  const after = { referee: sound.referee.with(sound.referee.indexOf(request), hourAfter) };
  expect(verdict(after)?.invariant).toBe("finished_never_repeats");
  expect(verdict(after, { lives: wandering })).toBeNull();
  const unannounced = { referee: [...sound.referee, { ...request, call: request.call + 1 }] };
  expect(verdict(unannounced, { lives: wandering })?.invariant).toBe("requests_are_explained");
});

test("to be asked again after tools is no re-ask, and only then", () => {
  const [request] = sound.events.filter(({ type }) => type === "model.requested");
  if (!request) throw new Error("the recording has no request");
  const tool = { ...request, type: "tool.called" } as WorkflowEvent;
  const elsewhere = { ...tool, step_id: "elsewhere" };
  const rounds = [request, tool, tool, request, request, elsewhere, request, tool, request, tool];
  expect([...toolRoundsOf(rounds)]).toEqual([[request.step_id, 2]]);
  expect(toolRoundsOf(sound.events).size).toBe(0);
});

/** The same event an hour later. */
function anHourLater(event: WorkflowEvent): WorkflowEvent {
  return { ...event, occurred_at: new Date(Date.parse(event.occurred_at) + 3_600_000).toISOString() };
}

type Frames = WorkflowEvidence["transcripts"][number]["connections"][number]["frames"];

function transcriptsOf(change: (frames: Frames) => Frames): WorkflowEvidence["transcripts"] {
  return sound.transcripts.map(({ workflow, connections }) => ({
    workflow,
    connections: connections.map((connection, index) =>
      index === connections.length - 1 ? { ...connection, frames: change(connection.frames) } : connection,
    ),
  }));
}

describe("a broken promise is called by its name", () => {
  test.each(Object.entries(BREACHES))("%s", (name, breach) => {
    expect(breach()?.invariant).toBe(name.slice(0, name.indexOf(":")));
  });

  test("every promise has a breach", () => {
    const named = Object.keys(BREACHES).map((name) => name.slice(0, name.indexOf(":")));
    expect(INVARIANT_NAMES.filter((name) => !named.includes(name))).toEqual([]);
  });
});
