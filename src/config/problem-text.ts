import type { z } from "zod";

import { nodeAt, typesOf } from "./config-schema.ts";

const EXPECTED: Readonly<Record<string, string>> = {
  int: "expected a whole number",
  boolean: "expected true or false",
  string: "expected text",
  array: "expected a list",
};

/** What is wrong with a setting, in words for the person who wrote it. `values` are those that were looked at. */
export function problemText(issue: z.core.$ZodIssue, values: unknown): string {
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code === "unrecognized_keys")
    return `unknown ${issue.keys.length === 1 ? "key" : "keys"} ${issue.keys.join(", ")}`;
  if (valueAt(values, issue.path) === undefined)
    return issue.code === "invalid_value"
      ? `is missing; expected one of ${issue.values.join(", ")}`
      : "is missing";
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.expected === "number")
    return wantsWhole(issue.path) ? "expected a whole number" : "expected a number";
  return EXPECTED[issue.expected] ?? issue.message;
}

/** zod says "number" of a text in the place of either kind. */
function wantsWhole(path: readonly PropertyKey[]): boolean {
  const node = nodeAt(path.map(String));
  return node !== undefined && typesOf(node).includes("integer");
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  let value = values;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
