import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { pathKey } from "../artifact-path.ts";
import { reviewOutput } from "../role-contract.ts";
import { directoriesAbove } from "./directories.ts";
import { next } from "./next.ts";
import { comparable } from "./restore-state.ts";
import { treeAt, treeOf, type WorkflowState } from "./state.ts";
import { imported, work } from "./testing/role-outputs.testsuite.ts";
import {
  completionOf,
  begun,
  done,
  failed,
  given,
  givenCreatedAs,
  implemented,
  type Move,
  planned,
  thenEvents,
} from "./testing/specification.testsuite.ts";
import { creation } from "./testing/workflow-driver.testsuite.ts";

function paths(tree: ReturnType<typeof treeOf>): string[] {
  return tree.map(({ path, revision }) => `${path}@${revision}`).toSorted();
}

function rewritten(key: string, output: ReturnType<typeof work>): Move {
  return done(`task:${key}`, "implementer", output);
}

describe("a deleted artifact", () => {
  const graph = { a: [], b: ["a"], c: ["b"] };
  const wrote = [planned(graph), implemented("a", ["docs/a.md", "docs/b.md", "keep.js"])];

  test("is a revision without content, and no part of the tree any more", () => {
    const specification = given(...wrote, begun("task:b"));
    const output = work(["new.js"], "second", ["Docs/A.md"]);
    expect(specification.when(completionOf("task:b", "implementer", output))).toMatchObject(
      thenEvents(
        { type: "artifact.produced", payload: { id: "a4", path: "new.js" } },
        { type: "artifact.deleted", task_id: "b", payload: { id: "a5", path: "docs/a.md", revision: 2 } },
        { type: "role.completed" },
        { type: "task.completed" },
        { type: "step.completed" },
      ),
    );
    const { state } = specification.driver;
    expect(paths(treeOf(state))).toEqual(["docs/b.md@1", "keep.js@1", "new.js@1"]);
    expect(paths(treeAt(state, 3))).toEqual(["docs/a.md@1", "docs/b.md@1", "keep.js@1"]);
    expect(state.artifacts.get("a5")).toMatchObject({ deleted: true, hash: "", size: 0, kind: "code" });
  });

  test("gives its directory free with the last that lay in it, and comes back as a later revision", () => {
    const gone = given(...wrote, rewritten("b", work([], "x", ["docs/a.md", "docs/b.md"]))).driver.state;
    expect(gone.directories.size).toBe(0);
    expect(reviewOutput(gone, "implementer", work(["docs"])).faults).toEqual([]);
    const back = given(
      ...wrote,
      rewritten("b", work([], "x", ["docs/a.md"])),
      rewritten("c", work(["docs/a.md"])),
    ).driver.state;
    expect(paths(treeOf(back))).toContain("docs/a.md@3");
  });

  test.each([
    ["what is not there", work([], "x", ["nope.js"]), [/"nope.js", which does not exist/]],
    ["the same twice", work([], "x", ["keep.js", "KEEP.js"]), [/deleted names KEEP.js twice/]],
    ["what is written as well", work(["keep.js"], "x", ["keep.js"]), [/both written and deleted/]],
    ["nothing, and writing nothing", work([]), [/artifacts is empty/]],
    ["one file and taking its directory", work(["docs"], "x", ["docs/a.md"]), [/docs\/b.md lies below docs/]],
  ])("can't be %s", (_what, output, faults) => {
    const { state } = given(...wrote).driver;
    const found = reviewOutput(state, "implementer", output).faults;
    expect(found).toEqual(faults.map((fault) => expect.stringMatching(fault)));
  });

  test("may make room for a file in the place of its directory, or for a directory in its own", () => {
    const { state } = given(...wrote).driver;
    const forFile = work(["docs"], "x", ["docs/a.md", "docs/b.md"]);
    expect(reviewOutput(state, "implementer", forFile).faults).toEqual([]);
    const forDirectory = work(["keep.js/inner.js"], "x", ["keep.js"]);
    expect(reviewOutput(state, "implementer", forDirectory).faults).toEqual([]);
  });

  test("costs about the same however many there are: two thousand of an imported tree are soon gone", () => {
    const workspace = { repo: "/srv/greeter", ref: null, path: null };
    const many = Array.from({ length: 4_000 }, (_, index) => `src/part-${index % 40}/file-${index}.js`);
    const { driver } = givenCreatedAs({ settings: { ...creation().settings, workspace } }, (one) => {
      one.start("workspace");
      one.complete("workspace", { kind: "tree", tree: imported(many) });
      [planned(), begun("task:greet")].forEach((move) => move(one));
    });
    const output = work([], "x", many.slice(0, 2_000));
    const { events } = driver.must(completionOf("task:greet", "implementer", output)(driver));
    expect(events.filter(({ type }) => type === "artifact.deleted")).toHaveLength(2_000);
    expect(driver.state.directories.get("src")).toBe(2_000);
    expect(comparable(driver.stored.restored())).toEqual(comparable(driver.state));
    expect(next(driver.state)).not.toEqual([]);
  }, 5_000);

  test("can't be deleted again", () => {
    const { state } = given(...wrote, rewritten("b", work([], "x", ["keep.js"]))).driver;
    expect(reviewOutput(state, "implementer", work([], "x", ["keep.js"])).faults).toHaveLength(1);
  });
});

describe("any writing and deleting", () => {
  const place = fc.constantFrom("a", "a/b", "a/b/c", "a/d", "e/f", "E/g", "h", "A/d");
  const turns = fc.array(
    fc.record({
      writes: fc.uniqueArray(place, { maxLength: 3 }),
      deletes: fc.uniqueArray(place, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  test("leaves a tree in which no file is a directory, and the same state folded and restored", () => {
    fc.assert(
      fc.property(turns, (played) => {
        const graph = Object.fromEntries(played.map((_, index) => [`t${index}`, []]));
        const { driver } = given(planned(graph));
        played.forEach(({ writes, deletes }, index) => {
          driver.start(`task:t${index}`);
          const output = work(writes, `turn-${index}`, deletes);
          driver.give(completionOf(`task:t${index}`, "implementer", output)(driver));
          expectSound(driver.state);
        });
        expect(comparable(driver.stored.restored())).toEqual(comparable(driver.state));
      }),
      { numRuns: 500 },
    );
  });

  function expectSound(state: WorkflowState): void {
    const keys = treeOf(state).map(({ path }) => pathKey(path));
    const directories = new Set(keys.flatMap(directoriesAbove));
    expect(keys.filter((key) => directories.has(key))).toEqual([]);
    const below = [...directories].map((directory) => [
      directory,
      keys.filter((key) => key.startsWith(`${directory}/`)).length,
    ]);
    expect(Object.fromEntries(state.directories.entries())).toEqual(Object.fromEntries(below));
    expect(new Set(keys).size).toBe(keys.length);
    expect(treeAt(state, state.artifacts.size)).toEqual(treeOf(state));
  }
});

describe("an imported tree", () => {
  const workspace = { repo: "/srv/greeter", ref: null, path: null };
  const settings = { ...creation().settings, workspace };
  const tree = imported(["AGENTS.md", "src/a.js"]);
  const importing: Move = (driver) => {
    driver.start("workspace");
    driver.complete("workspace", { kind: "tree", tree });
  };

  test("is there before the Director begins", () => {
    const specification = givenCreatedAs({ settings });
    expect(next(specification.driver.state)).toMatchObject([
      { id: "workspace", kind: "workspace", role: null },
    ]);
    importing(specification.driver);
    const { state, stored } = specification.driver;
    expect(paths(treeOf(state))).toEqual(["AGENTS.md@1", "src/a.js@1"]);
    expect(state.imported).toEqual({
      repo: "/srv/greeter",
      commit: "c0ffee",
      files: 2,
      skipped: tree.skipped,
    });
    expect(next(state).map(({ id }) => id)).toEqual(["director"]);
    expect(comparable(stored.restored())).toEqual(comparable(state));
  });

  test("may be changed and deleted like what the workflow has written", () => {
    const { state } = givenCreatedAs(
      { settings },
      importing,
      planned(),
      rewritten("greet", work(["src/a.js"], "second", ["AGENTS.md"])),
    ).driver;
    expect(paths(treeOf(state))).toEqual(["src/a.js@2"]);
    expect(state.artifacts.get("a3")).toMatchObject({ ordinal: 3, task_id: "greet" });
  });

  test("that can't be had parks the workflow, which tries it again", () => {
    const moves = [1, 2, 3].map(() => failed("workspace", "workspace_failed"));
    const { driver } = givenCreatedAs({ settings }, ...moves);
    expect(driver.state.head).toMatchObject({ status: "paused", waiting: { reason: "workspace_failed" } });
    driver.must({ type: "workflow.resume", max_qa_retries: null, pinned: null, budget: null, outcome: null });
    importing(driver);
    expect(next(driver.state).map(({ id }) => id)).toEqual(["director"]);
  });

  test("may hold nothing", () => {
    const { driver } = givenCreatedAs({ settings });
    driver.start("workspace");
    driver.complete("workspace", { kind: "tree", tree: imported([]) });
    expect(driver.state.imported).toMatchObject({ files: 0 });
    expect(driver.stored.restored().imported).toEqual(driver.state.imported);
  });
});
