import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";

import type { ToolDefinition } from "../../ports/chat-model.ts";
import { functionTool } from "../tool-calls.ts";

/**
 * Keywords that strict mode surely takes. With any other, OpenAI may refuse the whole request, and the schemas of MCP
 * servers have all kinds.
 */
const STRICT_KEYWORDS: ReadonlySet<string> = new Set([
  "type",
  "title",
  "description",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "anyOf",
  "enum",
  "const",
  "minimum",
  "maximum",
]);

/** Deeper schemas are not strict: OpenAI takes ten levels. */
const DEEPEST = 10;

/** OpenAI's models are held to the arguments' schema where it is surely in the strict subset, else they only see it. */
export function strictTool(definition: ToolDefinition): LanguageModelV4FunctionTool {
  const { type, anyOf } = definition.parameters;
  const strict = type === "object" && anyOf === undefined && isStrict(definition.parameters, DEEPEST);
  return { ...functionTool(definition), strict };
}

function isStrict(schema: unknown, levels: number): boolean {
  if (!isObject(schema) || levels === 0) return false;
  const { type, anyOf, items, properties } = schema;
  if (!Object.keys(schema).every((keyword) => STRICT_KEYWORDS.has(keyword))) return false;
  if (type === undefined && !Array.isArray(anyOf)) return false;
  const nested = [
    ...(isObject(properties) ? Object.values(properties) : []),
    ...(Array.isArray(anyOf) ? anyOf : []),
    ...(items === undefined ? [] : [items]),
  ];
  return isClosed(schema) && nested.every((inner) => isStrict(inner, levels - 1));
}

/** An object names all that it holds and needs it all. */
function isClosed({ type, properties, required, additionalProperties }: Record<string, unknown>): boolean {
  const holds = Array.isArray(type) ? type.includes("object") : type === "object";
  if (!holds) return properties === undefined;
  if (!isObject(properties) || !Array.isArray(required) || additionalProperties !== false) return false;
  return Object.keys(properties).every((name) => required.includes(name));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
