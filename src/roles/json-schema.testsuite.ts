import type { JsonSchema } from "../ports/chat-model.ts";

const KEYWORDS = new Set([
  "type",
  "description",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "enum",
  "anyOf",
]);
const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

/** Anthropic refuses schemas with more values of several types than this. */
const MOST_UNIONS = 16;
/** OpenAI takes this many levels of nesting. */
const DEEPEST = 10;

/** What OpenAI's or Anthropic's strict mode would refuse in a schema, each with its place. */
export function strictModeFaults(schema: JsonSchema): string[] {
  const unions = countUnions(schema);
  const levels = depthOf(schema);
  return [
    ...nodeFaults(schema, "$"),
    ...(unions > MOST_UNIONS ? [`$: ${unions} unions`] : []),
    ...(levels > DEEPEST ? [`$: ${levels} levels`] : []),
  ];
}

function countUnions(schema: JsonSchema): number {
  const own = Array.isArray(schema["type"]) || schema["anyOf"] !== undefined ? 1 : 0;
  return children(schema, "").reduce((count, [, child]) => count + countUnions(child), own);
}

function depthOf(schema: JsonSchema): number {
  return 1 + Math.max(0, ...children(schema, "").map(([, child]) => depthOf(child)));
}

function nodeFaults(schema: JsonSchema, path: string): string[] {
  const faults = Object.keys(schema)
    .filter((keyword) => !KEYWORDS.has(keyword))
    .map((keyword) => `${path}: keyword ${keyword}`);
  const types = [schema["type"] ?? []].flat() as string[];
  if (path === "$" && schema["type"] !== "object") faults.push("$: the root is no object");
  if (types.length === 0 && schema["anyOf"] === undefined) faults.push(`${path}: neither type nor anyOf`);
  faults.push(...types.filter((type) => !TYPES.includes(type)).map((type) => `${path}: type ${type}`));
  if (types.includes("object")) faults.push(...objectFaults(schema, path));
  if (types.includes("array") && schema["items"] === undefined) faults.push(`${path}: array without items`);
  if (schema["enum"] !== undefined) faults.push(...enumFaults(schema["enum"] as unknown[], path));
  if (schema["anyOf"] !== undefined) faults.push(...branchFaults(schema["anyOf"] as JsonSchema[], path));
  return [...faults, ...children(schema, path).flatMap(([place, child]) => nodeFaults(child, place))];
}

/** OpenAI tells the objects of a union apart by the constant that stands first in each. */
function branchFaults(branches: readonly JsonSchema[], path: string): string[] {
  const objects = branches.filter((branch) => branch["type"] === "object");
  if (objects.length < 2) return [];
  const firsts = objects.map((branch) => {
    const [first] = Object.entries((branch["properties"] as Record<string, JsonSchema> | undefined) ?? {});
    const choices = first?.[1]["enum"] as unknown[] | undefined;
    return first && choices?.length === 1 ? `${first[0]}: ${JSON.stringify(choices[0])}` : null;
  });
  const apart = new Set(firsts).size === firsts.length && !firsts.includes(null);
  return apart ? [] : [`${path}: objects that begin alike`];
}

/** Where a value does not fit a schema of that subset; empty when it fits. */
export function misfits(schema: JsonSchema, value: unknown, path = "$"): string[] {
  const branches = schema["anyOf"] as JsonSchema[] | undefined;
  if (branches) {
    const fits = branches.some((branch) => misfits(branch, value, path).length === 0);
    return fits ? [] : [`${path}: fits no branch of anyOf`];
  }
  const type = typeOf(value);
  const types = [schema["type"]].flat();
  if (!types.includes(type) && !(types.includes("integer") && Number.isInteger(value)))
    return [`${path}: ${type} instead of ${types.join(" or ")}`];
  const choices = schema["enum"] as unknown[] | undefined;
  if (choices && !choices.includes(value)) return [`${path}: ${JSON.stringify(value)} is no choice`];
  if (type === "array") {
    const items = schema["items"] as JsonSchema;
    return (value as unknown[]).flatMap((item, index) => misfits(items, item, `${path}[${index}]`));
  }
  return type === "object" ? objectMisfits(schema, value as Record<string, unknown>, path) : [];
}

function objectFaults(schema: JsonSchema, path: string): string[] {
  const names = Object.keys((schema["properties"] as object | undefined) ?? {});
  const required = new Set((schema["required"] as string[] | undefined) ?? []);
  return [
    ...(schema["additionalProperties"] === false ? [] : [`${path}: open object`]),
    ...names.filter((name) => !required.has(name)).map((name) => `${path}.${name}: optional`),
    ...[...required].filter((name) => !names.includes(name)).map((name) => `${path}.${name}: unknown`),
  ];
}

function enumFaults(choices: unknown[], path: string): string[] {
  const faults: string[] = [];
  if (choices.length === 0) faults.push(`${path}: empty enum`);
  if (choices.length > 250) faults.push(`${path}: ${choices.length} choices`);
  if (new Set(choices).size !== choices.length) faults.push(`${path}: a choice appears twice`);
  return faults;
}

function children(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const properties = (schema["properties"] as Record<string, JsonSchema> | undefined) ?? {};
  return [
    ...Object.entries(properties).map(([name, child]): [string, JsonSchema] => [`${path}.${name}`, child]),
    ...(schema["items"] ? [[`${path}[]`, schema["items"] as JsonSchema] as [string, JsonSchema]] : []),
    ...((schema["anyOf"] as JsonSchema[] | undefined) ?? []).map((branch): [string, JsonSchema] => [
      `${path}|`,
      branch,
    ]),
  ];
}

function objectMisfits(schema: JsonSchema, value: Record<string, unknown>, path: string): string[] {
  const properties = schema["properties"] as Record<string, JsonSchema>;
  return [
    ...Object.keys(properties)
      .filter((name) => !(name in value))
      .map((name) => `${path}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, item]) => {
      const property = properties[name];
      return property ? misfits(property, item, `${path}.${name}`) : [`${path}.${name}: not allowed`];
    }),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
