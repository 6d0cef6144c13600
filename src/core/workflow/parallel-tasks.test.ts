import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { next } from "./next.ts";
import { buildPacket, neededContents } from "./packet.ts";
import { openStep, treeOf, type WorkflowState } from "./state.ts";
import { design, tasks, work } from "./testing/role-outputs.testsuite.ts";
import {
  begun,
  completionOf,
  contracted,
  directed,
  done,
  failed,
  given,
  type Move,
  thenRefused,
} from "./testing/specification.testsuite.ts";
import { startOf, type WorkflowDriver } from "./testing/workflow-driver.testsuite.ts";
import { overlap } from "./write-set.ts";

vi.setConfig({ testTimeout: 60_000 });

type Writes = Readonly<Record<string, readonly string[]>>;

/** Tasks without dependencies that say that they write these paths. */
function split(writes: Writes): Move {
  const graph = Object.fromEntries(Object.keys(writes).map((key) => [key, []]));
  const output = design(tasks(graph, writes));
  return (driver) =>
    [directed, contracted, done("architect:0", "architect", output)].forEach((move) => move(driver));
}

function ids(state: WorkflowState): string[] {
  return next(state).map(({ id }) => id);
}

describe("tasks whose paths are apart", () => {
  test("run together", () => {
    const writes = { a: ["a.js"], b: ["lib/"], c: ["c.js", "docs/"] };
    const { driver } = given(split(writes), begun("task:a"), begun("task:b"), begun("task:c"));
    expect(driver.state.head.open_steps.map(({ status }) => status)).toEqual([
      "running",
      "running",
      "running",
    ]);
  });

  test("run together when they say nothing", () => {
    const { driver } = given(split({ a: [], b: [] }), begun("task:a"));
    expect(ids(driver.state)).toEqual(["task:b"]);
  });
});

describe("tasks that say that they write the same path", () => {
  const writes = { a: ["src/a.js"], b: ["src/"], c: ["other.js"] };

  test("wait for one another; the others do not", () => {
    const specification = given(split(writes), begun("task:a"));
    expect(ids(specification.driver.state)).toEqual(["task:c"]);
    expect(specification.when(startOf("task:b"))).toMatchObject(thenRefused("step_not_runnable"));
    specification.driver.complete("task:a", {
      kind: "role",
      role: "implementer",
      output: work(["src/a.js"]),
    });
    expect(ids(specification.driver.state)).toEqual(["task:b", "task:c"]);
    begun("task:b")(specification.driver);
    expect(openStep(specification.driver.state, "task:b")?.base).toBe(1);
  });

  test("do not wait for one that is to be tried again later", () => {
    const { driver } = given(split(writes), failed("task:a", "network"));
    expect(ids(driver.state).toSorted()).toEqual(["task:a", "task:b", "task:c"]);
    begun("task:b")(driver);
    expect(ids(driver.state)).toEqual(["task:c"]);
  });

  test("never run together, in any order of starts and ends", () => {
    const place = fc.constantFrom("a.js", "b.js", "lib/", "lib/c.js", "lib/deep/", "docs/d.md", "LIB/c.js");
    const plan = fc.array(fc.uniqueArray(place, { maxLength: 3 }), { minLength: 2, maxLength: 6 });
    const moves = fc.array(fc.record({ starts: fc.boolean(), pick: fc.nat({ max: 20 }) }), { maxLength: 40 });
    fc.assert(
      fc.property(plan, moves, (sets, played) => {
        const { driver } = given(split(Object.fromEntries(sets.map((set, index) => [`t${index}`, set]))));
        for (const { starts, pick } of played) {
          move(driver, starts, pick);
          const at = driver.state.head.open_steps.filter(({ status }) => status === "running");
          const taken = at.map(({ task_id }) => driver.state.tasks.get(task_id ?? "")?.writes ?? []);
          const clashes = taken.filter((one, index) =>
            taken.slice(index + 1).some((other) => overlap(one, other)),
          );
          expect(clashes).toEqual([]);
          expect(at.length + next(driver.state).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  function move(driver: WorkflowDriver, starts: boolean, pick: number): void {
    const runnable = ids(driver.state).filter((id) => id.startsWith("task:"));
    const at = driver.state.head.open_steps.filter(({ status }) => status === "running");
    const id = runnable[pick % Math.max(1, runnable.length)];
    const step = at[pick % Math.max(1, at.length)];
    if (starts && id !== undefined) driver.start(id);
    else if (step?.kind === "task") {
      const output = work([`out/${step.task_id}.js`]);
      driver.complete(step.id, { kind: "role", role: "implementer", output });
    }
  }
});

describe("a task that another has overtaken", () => {
  const together = [split({ a: [], b: [] }), begun("task:a"), begun("task:b")];
  const finish: Move = (driver) =>
    void driver.complete("task:a", { kind: "role", role: "implementer", output: work(["shared.js"]) });

  test.each([
    ["writes it", work(["b.js", "shared.js"], "other")],
    ["writes it in another case", work(["b.js", "Shared.js"], "other")],
    ["deletes it", work(["b.js"], "other", ["shared.js"])],
  ])("is refused when it %s", (_what, output) => {
    const outcome = given(...together, finish).when(completionOf("task:b", "implementer", output));
    expect(outcome).toMatchObject(thenRefused("invalid_output"));
    expect(outcome.events).toEqual([]);
  });

  test("is not refused when it wrote something else", () => {
    const outcome = given(...together, finish).when(completionOf("task:b", "implementer", work(["b.js"])));
    expect(outcome.refusal).toBeNull();
  });

  test("is not refused for what was there before it began", () => {
    const specification = given(split({ a: [], b: [] }), begun("task:a"), finish, begun("task:b"));
    const output = work(["shared.js"], "other");
    expect(specification.when(completionOf("task:b", "implementer", output)).refusal).toBeNull();
    expect(specification.driver.state.latest_artifacts.get("shared.js")?.revision).toBe(2);
  });

  test("is done again on the new tree, all of which it is given", () => {
    const { driver } = given(...together, finish);
    driver.fail("task:b", "conflicting_output");
    const queued = openStep(driver.state, "task:b");
    expect(queued).toMatchObject({ status: "queued", base: 0, last_failure: "conflicting_output" });
    driver.start("task:b");
    const step = openStep(driver.state, "task:b");
    expect(step).toMatchObject({ attempt: 2, base: 1 });
    expect(neededContents(driver.state, step ?? never()).map(({ path }) => path)).toEqual(["shared.js"]);
    driver.complete("task:b", { kind: "role", role: "implementer", output: work(["shared.js"], "both") });
    expect(driver.state.latest_artifacts.get("shared.js")).toMatchObject({ revision: 2, task_id: "b" });
  });

  test("keeps what it builds on when it only failed", () => {
    const { driver } = given(...together, finish);
    const first = packet(driver);
    driver.fail("task:b", "interrupted");
    driver.start("task:b");
    expect(openStep(driver.state, "task:b")).toMatchObject({ attempt: 2, base: 0 });
    expect(packet(driver)).toBe(first);
  });

  function packet({ state }: WorkflowDriver): string {
    const step = { ...(openStep(state, "task:b") ?? never()), role: "implementer" as const };
    const { tasks: _tasks, ...rest } = buildPacket(state, step, {
      models: [],
      default_model: "",
      contents: new Map(),
    });
    return JSON.stringify({ ...rest, task: rest.task?.id });
  }

  function never(): never {
    throw new Error("the step is not open");
  }
});

describe("any interleaving of tasks over shared paths", () => {
  /** Each task adds its name to every file that it touches, on what it was given of it. */
  test("ends with every task's change in every file that it touched", () => {
    const place = fc.constantFrom("a.js", "b.js", "c.js");
    const plan = fc.array(fc.uniqueArray(place, { minLength: 1, maxLength: 3 }), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(plan, fc.infiniteStream(fc.nat({ max: 100 })), (touched, picks) => {
        const { driver } = given(split(Object.fromEntries(touched.map((_, index) => [`t${index}`, []]))));
        for (let left = 400; driver.state.head.unfinished_tasks > 0; left -= 1) {
          expect(left).toBeGreaterThan(0);
          step(driver, touched, picks.next().value ?? 0);
        }
        for (const path of new Set(touched.flat())) {
          const names = touched.flatMap((paths, index) => (paths.includes(path) ? [`t${index}`] : []));
          const file = treeOf(driver.state).find((one) => one.path === path);
          expect(file?.hash.split("+").toSorted()).toEqual(names.toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });

  /** The hash of a file stands for its content: the names of those who have changed it. */
  function step(driver: WorkflowDriver, touched: readonly string[][], pick: number): void {
    const runnable = ids(driver.state);
    const at = driver.state.head.open_steps.filter(({ status }) => status === "running");
    const chosen = pick % (runnable.length + at.length);
    const id = runnable[chosen];
    if (id !== undefined) return void driver.start(id);
    const one = at[chosen - runnable.length];
    if (!one?.task_id) return;
    const base = driver.events.findLast(({ type, step_id }) => type === "step.started" && step_id === one.id);
    const seen = base?.type === "step.started" ? base.payload.base : 0;
    const output = work(touched[Number(one.task_id.slice(1))] ?? []) as unknown as {
      artifacts: { path: string; hash: string }[];
    };
    for (const artifact of output.artifacts) {
      const before = [...driver.state.artifacts.values()]
        .filter(({ path, ordinal }) => path === artifact.path && ordinal <= seen)
        .toSorted((left, right) => right.ordinal - left.ordinal)[0];
      artifact.hash = before ? `${before.hash}+${one.task_id}` : one.task_id;
    }
    const answer = driver.give(completionOf(one.id, "implementer", output)(driver));
    if ("code" in answer) driver.fail(one.id, "conflicting_output");
  }
});
