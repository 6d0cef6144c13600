import { z } from "zod";

import type { JsonSchema } from "../ports/chat-model.ts";

/** Values that one reference in an output may take, by its path: `tasks[].criteria[]`. An empty list leaves it free. */
export type References = Readonly<Record<string, readonly string[]>>;

/** OpenAI counts longer enums against extra limits, and a catalogue of a thousand models would break the request. */
const LONGEST_ENUM = 250;

/** Refused by OpenAI, Anthropic or both in strict mode. Nothing is lost: zod checks every answer again. */
const DROPPED = new Set([
  "$schema",
  "default",
  "examples",
  "format",
  "title",
  "pattern",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
]);

/**
 * The schema in the subset that the strict modes of all vendors share: closed objects with every property required,
 * no value constraints. Throws on shapes outside it (records, tuples, recursion). Of a union told apart by a constant,
 * `oneOf` and `anyOf` are the same.
 */
export function strictSchema(output: z.ZodObject): JsonSchema {
  return strictNode(z.toJSONSchema(output), "");
}

/** The schema with enums in place of the strings that refer to something; the input is left as it is. */
export function withReferences(schema: JsonSchema, references: References): JsonSchema {
  return Object.entries(references).reduce<JsonSchema>(
    (narrowed, [path, choices]) => narrow(narrowed, path.split(/\.|(?=\[\])/), choices),
    schema,
  );
}

function strictNode(node: JsonSchema, path: string): JsonSchema {
  const strict: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (DROPPED.has(keyword)) continue;
    if (keyword === "const") strict["enum"] = [value];
    else strict[keyword === "oneOf" ? "anyOf" : keyword] = strictKeyword(keyword, value, path);
  }
  if (node["type"] === "object") {
    strict["required"] = Object.keys(strict["properties"] ?? {});
    strict["additionalProperties"] = false;
  }
  return strict;
}

function strictKeyword(keyword: string, value: unknown, path: string): unknown {
  switch (keyword) {
    case "type":
    case "description":
    case "enum":
    case "required":
      return value;
    case "additionalProperties":
      if (value === false) return value;
      break;
    case "items":
      return strictNode(value as JsonSchema, `${path}[]`);
    case "anyOf":
    case "oneOf":
      return (value as JsonSchema[]).map((branch) => strictNode(branch, path));
    case "properties":
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonSchema>).map(([name, property]) => [
          name,
          strictNode(property, path === "" ? name : `${path}.${name}`),
        ]),
      );
  }
  throw new Error(
    `strict structured output can't express \`${keyword}\` at ${path || "the root"}; change the zod schema of the role`,
  );
}

function narrow(node: JsonSchema, path: readonly string[], choices: readonly string[]): JsonSchema {
  const [step, ...rest] = path;
  if (step === undefined) return withEnum(node, choices);
  if (step === "[]") return { ...node, items: narrow(childOf(node["items"], step), rest, choices) };
  const properties = node["properties"] as Readonly<Record<string, JsonSchema>> | undefined;
  return {
    ...node,
    properties: { ...properties, [step]: narrow(childOf(properties?.[step], step), rest, choices) },
  };
}

function childOf(child: unknown, step: string): JsonSchema {
  if (child === undefined) throw new Error(`the schema has no ${step}; mend the reference's path`);
  return child as JsonSchema;
}

function withEnum(node: JsonSchema, choices: readonly string[]): JsonSchema {
  const { type, ...rest } = node;
  const nullable = Array.isArray(type) && type.includes("null");
  if (choices.length > LONGEST_ENUM) return node;
  if (choices.length === 0) return nullable ? { ...rest, type: "null" } : node;
  const text = { type: "string", enum: [...new Set(choices)] };
  return nullable ? { ...rest, anyOf: [text, { type: "null" }] } : { ...node, ...text };
}
