import { expect, test } from "vitest";
import { z } from "zod";

import { toolArguments } from "./tool-schema.ts";

test.each([
  ["a plain object", { properties: { a: { type: "string" } }, required: ["a"] }, "schema"],
  ["branches without a type", { oneOf: [{ required: ["a"] }, { required: ["b"] }] }, "schema"],
  [
    "named patterns",
    { patternProperties: { "^a": { type: "string" } }, additionalProperties: false },
    "schema",
  ],
  ["a reference to itself", { properties: { kids: { type: "array", items: { $ref: "#" } } } }, "schema"],
  ["a condition", { if: { required: ["a"] }, then: { required: ["b"] } }, "object"],
  ["a negation", { not: { required: ["c"] } }, "object"],
] as const)("%s takes what fits and refuses what is no object", (_what, part, by) => {
  const { arguments: type, checked_by } = toolArguments({ type: "object", ...part });
  expect(checked_by).toBe(by);
  expect(type.safeParse({ a: "x", b: "y" }).success).toBe(true);
  expect(type.safeParse("x").success).toBe(false);
});

test("a schema that zod cannot check is still shown to the model", () => {
  const schema = { type: "object", properties: { a: { type: "string" } }, not: { required: ["c"] } };
  expect(z.toJSONSchema(toolArguments(schema).arguments)).toMatchObject(schema);
});

test("a property may be called like a keyword", () => {
  const properties = { pattern: { type: "string", pattern: "x" }, oneOf: { type: "number" } };
  const { arguments: type } = toolArguments({ type: "object", properties, required: ["pattern"] });
  expect(type.safeParse({ pattern: "y", oneOf: 1 }).success).toBe(true);
  expect(type.safeParse({ oneOf: 1 }).success).toBe(false);
});
