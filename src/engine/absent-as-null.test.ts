import { expect, test } from "vitest";

import { absentAsNull } from "./absent-as-null.ts";

const schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    note: { type: ["string", "null"] },
    parent: { anyOf: [{ type: "string" }, { type: "null" }] },
    items: {
      type: "array",
      items: { type: "object", properties: { id: { anyOf: [{ type: "string" }, { type: "null" }] } } },
    },
  },
};

test("what may be null and is absent becomes null, at every depth", () => {
  expect(absentAsNull(schema, { name: "a", items: [{}, { id: "x" }] })).toEqual({
    name: "a",
    note: null,
    parent: null,
    items: [{ id: null }, { id: "x" }],
  });
});

test("what must be there stays absent, and what is there stays as it is", () => {
  const given = { note: "n", parent: "p", extra: 1, items: "not a list" };
  expect(absentAsNull(schema, given)).toEqual(given);
  expect(absentAsNull(schema, null)).toBeNull();
  expect(absentAsNull(schema, 7)).toBe(7);
});

test("names that every object has are no values of the answer", () => {
  const odd = { type: "object", properties: { constructor: { type: ["string", "null"] } } };
  expect(absentAsNull(odd, {})).toEqual({ constructor: null });
});
