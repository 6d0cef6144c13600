import { describe, expect, test } from "vitest";

import { PersistentMap } from "../persistent-map.ts";
import { reviewOutput } from "../role-contract.ts";
import { directoriesAbove, withoutPath, withPath } from "./directories.ts";
import { comparable } from "./restore-state.ts";
import { work } from "./testing/role-outputs.testsuite.ts";
import { given, implemented, planned } from "./testing/specification.testsuite.ts";

describe("the directories above a path", () => {
  test("come nearest first, and a bare name has none", () => {
    expect(directoriesAbove("a/b/c.txt")).toEqual(["a/b", "a"]);
    expect(directoriesAbove("c.txt")).toEqual([]);
  });
});

describe("the directories of a workflow", () => {
  const paths = ["docs/guide/a.md", "Docs/guide/b.md", "docs/c.md", "readme.md"];

  test("count the files below each, in whatever order they came, and are gone with the last", () => {
    for (const order of [paths, paths.toReversed()]) {
      const directories = order.reduce(withPath, PersistentMap.empty<number>());
      expect(Object.fromEntries(directories.entries())).toEqual({ docs: 3, "docs/guide": 2 });
      const left = order.slice(0, 2).reduce(withoutPath, directories);
      expect([...order.slice(2).reduce(withoutPath, left).entries()]).toEqual([]);
    }
  });

  test("are the same folded and restored, and no file may take the place of one", () => {
    const { driver } = given(planned(), implemented("greet", ["docs/guide/a.md", "readme.md"]));
    expect(driver.state.directories.size).toBe(2);
    expect(comparable(driver.stored.restored())).toEqual(comparable(driver.state));
    const review = reviewOutput(driver.state, "implementer", work(["docs/guide"]));
    expect(review.faults).toEqual([
      "artifact docs/guide/a.md lies below docs/guide, which is a file; choose another path",
    ]);
  });
});
