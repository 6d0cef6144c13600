import { describe, expect, test } from "vitest";

import { PersistentMap } from "../persistent-map.ts";
import { reviewOutput } from "../role-contract.ts";
import { directoriesAbove, withPath } from "./directories.ts";
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

  test("name one path below each, the first by its key, in whatever order they came", () => {
    for (const order of [paths, paths.toReversed()]) {
      const directories = order.reduce(withPath, PersistentMap.empty<string>());
      expect(Object.fromEntries(directories.entries())).toEqual({
        docs: "docs/c.md",
        "docs/guide": "docs/guide/a.md",
      });
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
