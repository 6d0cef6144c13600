import { expect, test } from "vitest";

import { markdownTable } from "./markdown-text.ts";

test.each([
  ["node --test", "`node --test`"],
  ["a | b", "`a \\| b`"],
  ["echo `date`\nexit", "``echo `date` exit``"],
  ["`x`", "`` `x` ``"],
  ["<img src=x>", "`<img src=x>`"],
  [" ", ""],
])("what is copied stands in a table as it is: %j", (code, cell) => {
  expect(markdownTable(["Command"], [[{ code }]]).split("\n")[2]).toBe(`| ${cell} |`);
});
