import { describe, expect, test } from "vitest";

import { covers, overlap } from "./write-set.ts";

describe("two sets of paths", () => {
  test.each([
    ["a file and itself", ["src/a.js"], ["src/a.js"]],
    ["a file in another case", ["src/A.js"], ["src/a.js"]],
    ["a file and its directory", ["src/a.js"], ["src/"]],
    ["a directory and one far below", ["src/"], ["src/lib/deep/a.js"]],
    ["a directory without its slash", ["src"], ["src/a.js"]],
    ["one of several", ["x.js", "src/"], ["y.js", "src/a.js"]],
    ["everything and anything", ["./"], ["a.js"]],
  ])("overlap: %s", (_what, left, right) => {
    expect(overlap(left, right)).toBe(true);
    expect(overlap(right, left)).toBe(true);
  });

  test.each([
    ["two files", ["src/a.js"], ["src/b.js"]],
    ["a directory and a file that begins like it", ["src/"], ["src-old/a.js"]],
    ["a file that begins like another", ["a.js"], ["a.json"]],
    ["sets that say nothing", [], []],
    ["a set that says nothing and another", [], ["src/"]],
  ])("are apart: %s", (_what, left, right) => {
    expect(overlap(left, right)).toBe(false);
    expect(overlap(right, left)).toBe(false);
  });
});

test.each([
  [["src/"], "src/a.js", true],
  [["src/a.js"], "SRC/a.js", true],
  [["src/a.js"], "src/b.js", false],
  [[], "src/a.js", false],
])("%j covers %s: %s", (writes, path, covered) => {
  expect(covers(writes, path)).toBe(covered);
});
