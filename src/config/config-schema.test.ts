import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { configJsonSchema, didYouMean, settingNames } from "./config-schema.ts";

test("docs/orca.schema.json is what `orca config schema` prints", async () => {
  const published: unknown = JSON.parse(await readFile("docs/orca.schema.json", "utf8"));
  expect(
    published,
    "write it anew: npm run -s orca -- config schema > docs/orca.schema.json && npx oxfmt docs/orca.schema.json",
  ).toEqual(configJsonSchema());
});

test("the schema asks for nothing, since all of it may come from elsewhere", () => {
  expect(configJsonSchema()).not.toHaveProperty("required");
});

test("names every setting that holds a value", () => {
  expect(settingNames()).toContain("delivery.directory.allowed");
  expect(settingNames()).not.toContain("log");
});

test.each([
  ["prot", "; did you mean port?"],
  ["default_model", "; did you mean workflow.default_model?"],
  ["colour", ""],
])("%s%s", (written, advice) => expect(didYouMean(written, settingNames())).toBe(advice));
