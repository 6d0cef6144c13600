import { describe, expect, test } from "vitest";
import { z } from "zod";

import { strictSchema, withReferences } from "./strict-schema.ts";

describe("strictSchema", () => {
  test("drops what a strict mode refuses and keeps what guides the model", () => {
    const output = z.object({
      id: z.string().min(1).max(9).regex(/^A/).describe("An id."),
      share: z.number().min(0).max(1).multipleOf(0.1).default(0),
      lines: z.array(z.iso.date()).min(1).max(3),
      note: z.string().nullable(),
    });
    expect(strictSchema(output)).toEqual({
      type: "object",
      properties: {
        id: { type: "string", description: "An id." },
        share: { type: "number" },
        lines: { type: "array", items: { type: "string" } },
        note: { type: ["string", "null"] },
      },
      required: ["id", "share", "lines", "note"],
      additionalProperties: false,
    });
  });

  test.each([
    ["a record", z.object({ a: z.object({ b: z.record(z.string(), z.string()) }) }), "a.b"],
    ["a tuple", z.object({ a: z.array(z.tuple([z.string()])) }), "a[]"],
    [
      "a union by discriminator",
      z.object({ a: z.discriminatedUnion("kind", [z.object({ kind: z.literal("x") })]) }),
      "a",
    ],
  ])("refuses %s and says where", (_, output, place) => {
    expect(() => strictSchema(output)).toThrow(
      new RegExp(`at ${RegExp.escape(place)}; change the zod schema`),
    );
  });
});

describe("withReferences", () => {
  const schema = strictSchema(z.object({ list: z.array(z.object({ id: z.string().nullable() })) }));

  test("narrows a nullable string to the choices or null, described as before", () => {
    const described = strictSchema(z.object({ id: z.string().nullable().describe("Which.") }));
    expect(withReferences(described, { id: ["a", "b", "a"] })["properties"]).toEqual({
      id: { description: "Which.", anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] },
    });
  });

  test("leaves the schema it was given as it is", () => {
    const before = structuredClone(schema);
    expect(withReferences(schema, { "list[].id": ["a"] })).not.toEqual(before);
    expect(schema).toEqual(before);
  });

  test("refuses a path that the output does not have", () => {
    expect(() => withReferences(schema, { "list[].name": ["a"] })).toThrow("the schema has no name");
    expect(() => withReferences(schema, { "item[].id": ["a"] })).toThrow("the schema has no item");
  });
});
