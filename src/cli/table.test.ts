import { expect, test } from "vitest";

import { table } from "./table.ts";

test("columns line up and nothing trails", () => {
  expect(
    table([
      ["a", "long", ""],
      ["bbb", "x", "end"],
    ]),
  ).toEqual(["a    long", "bbb  x     end"]);
});

test("text from outside can't move the cursor or open another row", () => {
  expect(table([["\u001b[2Jwiped\nrow", "\u009b31m"]])).toEqual(["[2Jwiped row  31m"]);
});
