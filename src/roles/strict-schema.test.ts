import { describe, expect, test } from "vitest";
import { z } from "zod";

import { strictModeFaults } from "./json-schema.testsuite.ts";
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

  test("a union told apart by a constant travels as anyOf, its objects closed and with every property", () => {
    const one = z.object({ kind: z.literal("one"), text: z.string().nullable() });
    const two = z.object({ kind: z.literal("two"), count: z.int().min(0).nullable() });
    const schema = strictSchema(z.object({ a: z.discriminatedUnion("kind", [one, two]).describe("Which.") }));
    const branch = (kind: string, name: string, value: object) => ({
      type: "object",
      properties: { kind: { type: "string", enum: [kind] }, [name]: value },
      required: ["kind", name],
      additionalProperties: false,
    });
    expect(schema["properties"]).toEqual({
      a: {
        description: "Which.",
        anyOf: [
          branch("one", "text", { type: ["string", "null"] }),
          branch("two", "count", { anyOf: [{ type: "integer" }, { type: "null" }] }),
        ],
      },
    });
    expect(strictModeFaults(schema)).toEqual([]);
  });

  test.each([
    [
      "objects that begin alike",
      z.union([z.object({ a: z.string() }), z.object({ a: z.string(), b: z.int() })]),
    ],
    [
      "17 unions",
      z.object(Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`n${n}`, z.string().nullable()]))),
    ],
    ["11 levels", Array.from({ length: 9 }).reduce<z.ZodType>((inner) => z.array(inner), z.string())],
  ])("the rules of the vendors' strict modes refuse %s", (fault, inner) => {
    expect(strictModeFaults(strictSchema(z.object({ inner }))).join("\n")).toContain(fault);
  });

  test.each([
    ["a record", z.object({ a: z.object({ b: z.record(z.string(), z.string()) }) }), "a.b"],
    ["a tuple", z.object({ a: z.array(z.tuple([z.string()])) }), "a[]"],
    ["what is in a union", z.object({ a: z.union([z.string(), z.record(z.string(), z.string())]) }), "a"],
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
