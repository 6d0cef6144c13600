import { readFile } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import type { PartRow } from "./commit.ts";
import { parseEvent } from "./events.ts";
import { fold } from "./evolve.ts";
import { next } from "./next.ts";
import { planCommit } from "./plan-commit.ts";
import { comparable, restoreState } from "./restore-state.ts";
import type { WorkflowHead, WorkflowState } from "./state.ts";
import { firstSlice } from "./testing/first-slice.testsuite.ts";

const journal = new URL("../../../test/golden/first-slice.journal.jsonl", import.meta.url);

/** Fields that came after the journal was written, by where they stand in the rows. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  head: ["progress", "verdict", "later_plans", "later_endings", "approval"],
  step: ["base"],
  settings: ["gates", "workspace", "tools", "stall_patience", "approval_expires_s"],
  task: ["writes"],
  artifact: ["deleted"],
  criterion: ["citations", "decided_by", "receipt"],
  finding: ["citations", "evidence_class", "fingerprint", "receipt"],
};

function without<T>(value: T, kind: string): T {
  const entries = Object.entries(value as object).filter(([name]) => !LATER[kind]?.includes(name));
  return Object.fromEntries(entries) as T;
}

/** The rows as the version that wrote the journal has stored them. */
function oldRows(state: WorkflowState): { head: WorkflowHead; parts: PartRow[] } {
  const { parts } = planCommit({
    before: null,
    after: state,
    events: [],
    fences: [],
    blobs: [],
    messages: [],
    wake: null,
  });
  const open_steps = state.head.open_steps.map((step) => without(step, "step"));
  return {
    head: { ...without(state.head, "head"), open_steps },
    parts: parts.map(({ kind, key, body }) => ({
      kind,
      key,
      body: LATER[kind] === undefined ? body : without(body, kind),
    })),
  };
}

describe("rows that an earlier version has stored", async () => {
  const text = await readFile(journal, "utf8");
  const events = text
    .trimEnd()
    .split("\n")
    .map((line) => parseEvent(JSON.parse(line)));
  const moments = events.map((_, index) => index + 1);

  test.each(moments)("give after event %i what folding its journal gives", (count) => {
    const state = fold(events.slice(0, count));
    const { head, parts } = oldRows(state);
    const restored = restoreState(head, parts);
    expect(comparable(restored)).toEqual(comparable(state));
    expect(next(restored).map(({ id }) => id)).toEqual(next(state).map(({ id }) => id));
  });

  test("and lack really what came later", () => {
    const { head, parts } = oldRows(fold(events));
    expect(head).not.toHaveProperty("progress");
    expect(parts.find(({ kind }) => kind === "finding")?.body).not.toHaveProperty("fingerprint");
  });

  test("of a workflow whose QA had begun before anything was run go on with QA", () => {
    const started = events.findIndex(({ type, step_id }) => type === "step.started" && step_id === "qa:0");
    const running = fold(events.slice(0, started + 1));
    expect(next(running)).toEqual([]);
    const judged = events.findIndex(({ type, step_id }) => type === "step.completed" && step_id === "qa:1");
    expect(next(fold(events.slice(0, judged + 1))).map(({ id }) => id)).toEqual(["finalizer"]);
  });

  test("let steps from before there was a base build on whatever is there", () => {
    const started = events.findIndex(
      ({ type, task_id }) => type === "step.started" && task_id === "mend-greet",
    );
    const state = fold(events.slice(0, started + 1));
    const [step] = state.head.open_steps;
    expect(step?.base).toBeGreaterThan(state.artifacts.size);
    expect(restoreState(...rowsOf(state)).head.open_steps[0]?.base).toBe(step?.base);
  });

  function rowsOf(state: WorkflowState): [WorkflowHead, PartRow[]] {
    const { head, parts } = oldRows(state);
    return [head, parts];
  }
});

test("fields that are there keep their order, so that packets read the same", () => {
  const { state, stored } = firstSlice();
  const restored = restoreState(stored.head, stored.parts);
  for (const id of ["f1", "f2"])
    expect(JSON.stringify(restored.findings.get(id))).toBe(JSON.stringify(state.findings.get(id)));
  expect(JSON.stringify(restored.tasks.get("greet"))).toBe(JSON.stringify(state.tasks.get("greet")));
  expect(JSON.stringify(restored.settings)).toBe(JSON.stringify(state.settings));
});

test("the nameless delivery of an earlier version gives way to what is known of it since, in any order", () => {
  const { head, parts } = oldRows(firstSlice().state);
  const known = parts.filter(({ kind }) => kind === "delivery");
  const others = parts.filter(({ kind }) => kind !== "delivery");
  const nameless: PartRow = { kind: "delivery", key: "", body: { status: "failed", action: "directory" } };
  expect(known).toHaveLength(1);
  for (const rows of [
    [nameless, ...known],
    [...known, nameless],
  ])
    expect(restoreState(head, [...others, ...rows]).deliveries.get("d1")).toMatchObject({
      status: "delivered",
    });
  expect(restoreState(head, [...others, nameless]).deliveries.get("d1")).toMatchObject({ status: "failed" });
});
