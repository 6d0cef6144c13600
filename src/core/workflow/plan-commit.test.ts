import { describe, expect, test } from "vitest";

import type { Commit, StepRow } from "./commit.ts";
import { restoreState } from "./restore-state.ts";
import { firstSlice } from "./testing/first-slice.testsuite.ts";
import { design, judgement, tasks, work } from "./testing/role-outputs.testsuite.ts";
import {
  begun,
  built,
  cancelled,
  designed,
  directed,
  contracted,
  done,
  failed,
  given,
  judged,
  type Move,
  paused,
  planned,
  refined,
  resumed,
} from "./testing/specification.testsuite.ts";
import { moment, type WorkflowDriver } from "./testing/workflow-driver.testsuite.ts";

function last(driver: WorkflowDriver): Commit {
  return driver.commits.at(-1) as Commit;
}

function partsOf(commit: Commit): string[] {
  return commit.parts.map((part) => `${part.kind}/${part.key}`).toSorted();
}

function rowsOf(commit: Commit): string[] {
  return commit.steps.map((row) => `${row.id} ${row.status}`).toSorted();
}

function rowAfter(stepId: string, ...moves: Move[]): StepRow | undefined {
  return given(...moves).driver.stored.steps.get(stepId);
}

describe("a commit", () => {
  test("that creates a workflow expects none and brings its settings and first step", () => {
    const commit = last(given().driver);
    expect(commit).toMatchObject({
      tenant_id: "t1",
      workflow_id: "w1",
      expected_version: 0,
      model_calls: [],
    });
    expect(partsOf(commit)).toEqual(["settings/"]);
    expect(rowsOf(commit)).toEqual(["director queued"]);
  });

  test("expects the version it was decided on", () => {
    const versions = firstSlice().commits.map((commit) => [commit.expected_version, commit.head.version]);
    expect(versions.slice(1).map(([expected]) => expected)).toEqual(
      versions.slice(0, -1).map(([, version]) => version),
    );
  });

  test("has rows for what changed and for nothing else", () => {
    const specification = given(planned({ a: [], b: ["a"], c: [] }), begun("task:a"));
    expect(partsOf(last(specification.driver))).toEqual(["task/a"]);
    specification.driver.complete("task:a", { kind: "role", role: "implementer", output: work(["a.js"]) });
    const commit = last(specification.driver);
    expect(partsOf(commit)).toEqual(["artifact/a1", "task/a", "task/b"]);
    expect(rowsOf(commit)).toEqual(["task:a completed", "task:b queued"]);
  });

  test("that completes the Architect queues every task that can start", () => {
    const { driver } = given(directed, contracted, designed({ a: [], b: ["a"], c: [] }));
    expect(partsOf(last(driver))).toEqual([
      "document/design",
      "summary/architect",
      "task/a",
      "task/b",
      "task/c",
    ]);
    expect(rowsOf(last(driver))).toEqual(["architect:0 completed", "task:a queued", "task:c queued"]);
  });

  test("names the model calls it journals", () => {
    const [call, ...more] = firstSlice().commits.flatMap((commit) => commit.model_calls);
    expect(more).toEqual([]);
    expect(call).toMatchObject({
      step_id: "task:greet",
      role: "implementer",
      attempt: 1,
      ordinal: 1,
      provider: "acme",
    });
    expect(call?.created_at).toMatch(/^2026-01-02T/);
  });

  test("that only pauses touches no step", () => {
    expect(rowsOf(last(given(planned(), paused).driver))).toEqual([]);
  });
});

/** Two tasks that write the same path. */
const overlapping: Move = (driver) => {
  const writes = { a: ["src/"], b: ["src/b.js"] };
  const output = design(tasks({ a: [], b: [] }, writes));
  [directed, contracted, done("architect:0", "architect", output)].forEach((move) => move(driver));
};

describe("the row of a step", () => {
  test("says who runs it and until when", () => {
    expect(rowAfter("director", begun("director"))).toMatchObject({
      status: "running",
      attempt: 1,
      owner: "node-1",
      lease_until: moment(3600),
      started_at: moment(1),
      finished_at: null,
    });
  });

  test("of a failed attempt that is tried again says when and why", () => {
    expect(rowAfter("director", failed("director", "network"))).toMatchObject({
      status: "queued",
      attempt: 1,
      owner: null,
      lease_until: null,
      available_at: moment(1800),
      error: { code: "network" },
    });
  });

  test("of the last failed attempt is failed, and queued at once on resume", () => {
    const failedFor = failed("director", "auth");
    expect(rowAfter("director", failedFor)).toMatchObject({
      status: "failed",
      finished_at: moment(2),
      error: { code: "auth" },
    });
    expect(rowAfter("director", failedFor, resumed())).toMatchObject({
      status: "queued",
      attempt: 1,
      available_at: null,
      error: null,
    });
  });

  test.each([
    ["running", [planned({ a: [], b: [] }), begun("task:a")]],
    ["between two steps", [directed, contracted]],
    ["paused", [planned({ a: [], b: [] }), begun("task:a"), paused]],
    ["failed", [planned({ a: [], b: [] }), failed("task:a", "refusal")]],
    ["one task keeps another from its paths", [overlapping, begun("task:a")]],
    ["failed with a Refiner at work", [failed("director", "refusal"), begun("refiner:1")]],
    ["failed and closed", [planned({ a: [], b: [] }), failed("task:a", "refusal"), refined(1)]],
  ])(
    "of a workflow that was cancelled while %s is cancelled too, when it was not finished",
    (_when, moves) => {
      const rows = [...given(...moves, cancelled).driver.stored.steps.values()];
      expect(rows.filter((row) => row.status === "queued" || row.status === "running")).toEqual([]);
      expect(rows.some((row) => row.status === "cancelled")).toBe(true);
    },
  );

  test("of a Refiner whose ending was left is cancelled", () => {
    expect(rowAfter("refiner:1", failed("director", "refusal"))?.status).toBe("queued");
    expect(rowAfter("refiner:1", failed("director", "refusal"), resumed())?.status).toBe("cancelled");
  });

  test("of the Finalizer is not made by cancelling a workflow that never came so far", () => {
    const blocked = [0, 1, 2].flatMap((cycle): Move[] => {
      const output = judgement({ AC1: "unmet" });
      return cycle === 0
        ? [built, judged(0, output)]
        : [
            designed({ [`mend-${cycle}`]: [] }, cycle),
            (driver) => {
              driver.start(`task:mend-${cycle}`);
              driver.complete(`task:mend-${cycle}`, {
                kind: "role",
                role: "implementer",
                output: work(["greet.js"]),
              });
            },
            judged(cycle, output),
          ];
    });
    expect(given(...blocked).driver.state.head.error?.code).toBe("stalled");
    expect(rowAfter("finalizer", ...blocked, cancelled)).toBeUndefined();
  });
});

test("a workflow without its settings can't be restored", () => {
  const { stored } = given().driver;
  expect(() => restoreState(stored.head, [])).toThrow(/without its settings/);
});
