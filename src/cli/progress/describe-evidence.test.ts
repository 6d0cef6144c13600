import { expect, test } from "vitest";

import type { EventRow } from "../../contract/event-row.ts";
import type { EventPayload, EventType } from "../../core/workflow/events.ts";
import { describeEvent, NO_PROGRESS } from "./describe-event.ts";
import type { ProgressLine } from "./progress-line.ts";

function row<T extends EventType>(
  type: T,
  payload: EventPayload<T>,
  step_id: string | null = null,
): EventRow {
  const place = { role: null, step_id, task_id: null };
  const time = { actor: "engine", version: 1, occurred_at: "2026-01-01T00:00:00.000Z" };
  return { id: "w:1", workflow_id: "w", seq: 1, type, payload, ...place, ...time };
}

function tell<T extends EventType>(type: T, payload: EventPayload<T>, verbose = false): string[] {
  const { lines } = describeEvent({ ...NO_PROGRESS, verbose }, row(type, payload));
  return lines.map(({ status, subject, detail }: ProgressLine) => `${status} ${subject}: ${detail}`);
}

const receipt: EventPayload<"receipt.recorded"> = {
  id: "r1",
  ordinal: 1,
  cycle: 0,
  name: "AC1",
  stage: "check",
  criterion: "AC1",
  toolchain: null,
  command: "node --test",
  status: "passed",
  exit_code: 0,
  duration_ms: 1200,
  output_tail: "",
  message: null,
  missing: null,
  blocks: true,
  sandbox: "bubblewrap",
  tree_hash: "t",
};

test.each([
  [{}, "ok AC1 (r1): passed  node --test"],
  [
    { status: "failed", exit_code: 1, message: "2 tests failed." },
    "FAIL AC1 (r1): exit 1: 2 tests failed.  node --test",
  ],
  [{ status: "failed", exit_code: null, command: null, blocks: false }, "note AC1 (r1): failed"],
  [
    { status: "timed_out", exit_code: null, message: "It took over 120 s." },
    "FAIL AC1 (r1): timed out: It took over 120 s.  node --test",
  ],
  [
    { status: "unavailable", exit_code: null, message: "Install bubblewrap." },
    "wait AC1 (r1): could not be run: Install bubblewrap.  node --test",
  ],
] as const)("a receipt %j is told", (changes, told) => {
  expect(tell("receipt.recorded", { ...receipt, ...changes })).toEqual([told]);
});

test("a judged cycle says what is missing and whether it got anywhere", () => {
  const stuck: EventPayload<"cycle.judged"> = {
    cycle: 1,
    tree_hash: "t",
    artifacts: 1,
    open: [],
    verdict: "rejected",
    open_musts: 2,
    blocking: 1,
    progress: false,
    stagnant: 1,
    best: false,
  };
  expect(tell("cycle.judged", stuck)).toEqual([
    "note cycle 1 judged: rejected: 2 musts open, 1 blocking finding; no progress for 1 cycle",
  ]);
  const better = { ...stuck, progress: true, stagnant: 0, best: true };
  expect(tell("cycle.judged", better)[0]).toBe(
    "note cycle 1 judged: rejected: 2 musts open, 1 blocking finding, the best so far",
  );
  const done = { ...better, open_musts: 0, blocking: 0, verdict: "verified" as const };
  expect(tell("cycle.judged", done)).toEqual(["ok cycle 1 judged: verified"]);
});

test("questions to people and their answers are told", () => {
  expect(tell("approval.requested", { id: "ap1", ordinal: 1, gate: "plan", cycle: 0 })).toEqual([
    "wait approval ap1 of the plan: ",
  ]);
  const answers = (["approve", "edit", "request_changes", "reject"] as const).flatMap((verb) =>
    tell("approval.responded", { id: "ap1", verb, note: "Mind the tests." }),
  );
  expect(answers).toEqual([
    "ok approval ap1 approved: Mind the tests.",
    "ok approval ap1 approved with edits: Mind the tests.",
    "note approval ap1 changes requested: Mind the tests.",
    "FAIL approval ap1 rejected: Mind the tests.",
  ]);
  expect(tell("plan.edited", { criteria: null, withdrawn: ["a"] })).toEqual([
    "note plan edited: other tasks",
  ]);
  expect(tell("plan.withdrawn", { cycle: 0, tasks: ["a", "b"] })).toEqual(["note plan withdrawn: a, b"]);
});

test("claims, waivers, imports and deletions are told", () => {
  const claim = { role: "implementer", claim: "tests_pass", sentence: "All tests pass." } as const;
  expect(tell("claim.unsupported", claim)).toEqual([
    "note Implementer: nobody saw this done, so it is left out: All tests pass.",
  ]);
  expect(tell("criterion.waived", { id: "AC1", reason: "Later." })).toEqual([
    "note criterion AC1 waived: Later.",
  ]);
  expect(tell("finding.waived", { id: "f1", reason: "Known." })).toEqual(["note finding f1 waived: Known."]);
  const imported = {
    repo: "/r",
    ref: null,
    path: null,
    commit: "0123456789abcdef",
    files: [{ path: "a", kind: "code", hash: "h", size: 1 }],
    skipped: [{ path: "b", reason: "too large" }],
  } as const;
  expect(
    tell("tree.imported", { ...imported, files: [...imported.files], skipped: [...imported.skipped] }),
  ).toEqual(["ok started from a repository: /r at 0123456789ab: 1 file, 1 left out"]);
  expect(tell("artifact.deleted", { id: "a2", ordinal: 2, path: "old.md", revision: 2, cycle: 0 })).toEqual([
    "file old.md: deleted",
  ]);
});

test("calls of tools are told to those who ask for them", () => {
  const call: EventPayload<"tool.called"> = {
    attempt: 1,
    ordinal: 1,
    tool: "read_file",
    semantics: "read",
    key: "k",
    input_hash: "i",
    output_hash: "o",
    known_by: "call",
    latency_ms: 5,
    error: null,
  };
  expect(tell("tool.called", call)).toEqual([]);
  expect(tell("tool.called", call, true)).toEqual(["ok Delivery: read_file"]);
  const failed = { ...call, output_hash: null, error: { code: "not_found", message: "No such file." } };
  expect(tell("tool.called", failed, true)).toEqual(["note Delivery: read_file: No such file."]);
});

test("the checks of the engine run under their own name and end quietly", () => {
  const begun = {
    kind: "validation",
    cycle: 0,
    attempt: 1,
    owner: "",
    lease_until: "",
    tree_hash: null,
    base: 0,
  } as const;
  const started = describeEvent(NO_PROGRESS, row("step.started", begun, "validation:0"));
  expect(started.lines).toMatchObject([{ status: "run", subject: "Checks" }]);
  expect(started.progress.open.size).toBe(1);
  const ended = describeEvent(started.progress, row("step.completed", { attempt: 1 }, "validation:0"));
  expect(ended.lines).toEqual([]);
  expect(ended.progress.open.size).toBe(0);
});
