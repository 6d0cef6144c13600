import { expect, test } from "vitest";

import { work } from "../testing/role-outputs.testsuite.ts";
import { given, implemented, planned } from "../testing/specification.testsuite.ts";
import { overtakenPaths } from "./overtaken.ts";

test("what was written or deleted since the base is overtaken, in any spelling", () => {
  const { state } = given(planned({ a: [], b: [] }), implemented("a", ["a.js", "b.js"])).driver;
  const output = work(["A.js", "new.js"], "x", ["b.js"]);
  expect(overtakenPaths(state, { base: 0 }, output)).toEqual(["A.js", "b.js"]);
  expect(overtakenPaths(state, { base: 1 }, output)).toEqual(["b.js"]);
  expect(overtakenPaths(state, { base: 2 }, output)).toEqual([]);
});
