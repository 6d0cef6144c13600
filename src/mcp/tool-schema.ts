import { z } from "zod";

import { cleanLine, hasUnseen } from "./clean-text.ts";

type Node = Readonly<Record<string, unknown>>;

export type ToolArguments = {
  readonly arguments: z.ZodType;
  /** `schema`: zod checks what the schema asks for. `object`: zod cannot, and only checks that it is an object. */
  readonly checked_by: "schema" | "object";
};

const LONGEST_SCHEMA = 64 * 1024;
const DEEPEST = 32;
/** References are written out where they are used, so that a short schema can become an endless one. */
const MOST_NODES = 2_000;
const LONGEST_DESCRIPTION = 1_000;

const OF_NAMED = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
const OF_MANY = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const OF_ONE = new Set([
  "items",
  "additionalProperties",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
]);
/** A server's regular expression could take for ever, so it is the server that applies it. */
const DROPPED = new Set(["pattern", "patternProperties", "$comment", "$id", "$schema", "examples"]);

/** What is wrong with the schema of a tool's arguments, as the end of a sentence; null when it can be offered. */
export function schemaProblem(schema: Node): string | null {
  if (isDeeperThan(schema, DEEPEST)) return `has a schema of more than ${DEEPEST} levels`;
  if (JSON.stringify(schema).length > LONGEST_SCHEMA)
    return `has a schema of more than ${LONGEST_SCHEMA} bytes`;
  const clean = cleanSchema(schema);
  if (hasUnsafeText(clean)) return "has a schema with control characters or __proto__ in its names or values";
  if (hasForeignReference(clean)) return "has a schema that refers to another document";
  const budget = { left: MOST_NODES };
  countNodes(clean, { root: clean, open: [], budget });
  return budget.left < 0
    ? `has a schema of more than ${MOST_NODES} parts once its references are written out`
    : null;
}

/** The schema as zod type, without what must not reach a prompt or a regular expression engine. Never throws. */
export function toolArguments(schema: Node): ToolArguments {
  const clean = cleanSchema(schema);
  try {
    const type = z.fromJSONSchema(clean);
    z.toJSONSchema(type);
    return { arguments: type, checked_by: "schema" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { arguments: z.looseObject({}).meta(clean), checked_by: "object" };
  }
}

export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}

function cleanSchema(node: Node): Node {
  const entries = Object.entries(node)
    .filter(([keyword]) => !DROPPED.has(keyword))
    .map(([keyword, value]) => [keyword, cleanKeyword(keyword, value)] as const);
  const clean = Object.fromEntries(entries);
  if ("patternProperties" in node) delete clean["additionalProperties"];
  // Zod takes a branch without a type for one that fits everything, and two that fit are one too many for oneOf.
  if ("oneOf" in clean) {
    clean["anyOf"] ??= clean["oneOf"];
    delete clean["oneOf"];
  }
  return clean;
}

function cleanKeyword(keyword: string, value: unknown): unknown {
  if (keyword === "description" || keyword === "title") {
    return typeof value === "string" ? cleanLine(value, LONGEST_DESCRIPTION) : "";
  }
  if (OF_NAMED.has(keyword) && isNode(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, cleanChild(child)]));
  }
  if (OF_MANY.has(keyword) && Array.isArray(value)) return value.map(cleanChild);
  if (OF_ONE.has(keyword)) return Array.isArray(value) ? value.map(cleanChild) : cleanChild(value);
  return value;
}

function cleanChild(value: unknown): unknown {
  return isNode(value) ? cleanSchema(value) : value;
}

function hasUnsafeText(value: unknown): boolean {
  if (typeof value === "string") return hasUnseen(value);
  if (Array.isArray(value)) return value.some(hasUnsafeText);
  if (!isNode(value)) return false;
  return Object.entries(value).some(
    ([key, item]) => key === "__proto__" || hasUnseen(key) || hasUnsafeText(item),
  );
}

function hasForeignReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasForeignReference);
  if (!isNode(value)) return false;
  return Object.entries(value).some(([key, item]) =>
    (key === "$ref" || key === "$dynamicRef") && typeof item === "string"
      ? !item.startsWith("#")
      : hasForeignReference(item),
  );
}

type Walk = { readonly root: Node; readonly open: readonly string[]; readonly budget: { left: number } };

function countNodes(value: unknown, walk: Walk): void {
  if (typeof value !== "object" || value === null) return;
  walk.budget.left -= 1;
  for (const [key, item] of Object.entries(value)) {
    if (walk.budget.left < 0) return;
    if (key !== "$ref" || typeof item !== "string") countNodes(item, walk);
    else if (!walk.open.includes(item)) {
      countNodes(atPointer(walk.root, item), { ...walk, open: [...walk.open, item] });
    }
  }
}

function atPointer(root: Node, pointer: string): unknown {
  let node: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    node = isNode(node) && Object.hasOwn(node, key) ? node[key] : null;
  }
  return node;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
