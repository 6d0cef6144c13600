import { expect, test } from "vitest";
import { z } from "zod";

import { strictTool } from "./strict-tool.ts";

const text = { type: "string" };
const closed = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const strictness = (parameters: Record<string, unknown>) =>
  strictTool({ name: "t", description: "d", parameters }).strict;

test.each([
  ["nothing", closed({})],
  ["a text", closed({ path: { ...text, description: "Where." } })],
  ["a choice", closed({ side: { type: "string", enum: ["a", "b"] } })],
  ["what may be null", closed({ line: { anyOf: [{ type: "integer" }, { type: "null" }] } })],
  ["a list of objects", closed({ all: { type: "array", items: closed({ path: text }) } })],
])("arguments with %s are strict", (_what, schema) => {
  expect(strictness(schema)).toBe(true);
});

const nested = (levels: number): object => (levels === 0 ? text : closed({ inner: nested(levels - 1) }));

test.each([
  ["a field that may be left out", closed({ path: text, line: text }, ["path"])],
  ["fields of any name", { ...closed({}), additionalProperties: true }],
  ["an object that says nothing", { type: "object" }],
  ["a keyword of doubt", closed({ path: { ...text, minLength: 1 } })],
  ["a value of any type", closed({ value: {} })],
  ["a tuple", closed({ pair: { type: "array", items: [text, text] } })],
  ["an open object in a list", closed({ all: { type: "array", items: { type: "object" } } })],
  ["an open object in a choice", closed({ one: { anyOf: [text, { type: "object", properties: {} }] } })],
  ["a field of an object that may be null", closed({ one: { type: ["object", "null"], properties: {} } })],
  ["alternatives at the top", { ...closed({}), anyOf: [closed({})] }],
  ["no object", text],
  ["too many levels", closed({ deep: nested(12) })],
])("arguments with %s are not strict", (_what, schema) => {
  expect(strictness(schema as Record<string, unknown>)).toBe(false);
});

test("a schema that zod wrote is strict but for its $schema", () => {
  const { $schema, ...schema } = z.toJSONSchema(
    z.strictObject({ path: z.string(), line: z.int().nullable() }),
  );
  expect($schema).toContain("2020-12");
  expect(strictness(schema)).toBe(true);
});
