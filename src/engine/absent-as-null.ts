import type { JsonSchema } from "../ports/chat-model.ts";

/**
 * Completes a model's answer: a missing property whose schema allows null becomes null. Models without strict output
 * leave such properties out, and asking again for them would cost a call and bring nothing.
 */
export function absentAsNull(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema["items"] as JsonSchema | undefined;
    return items ? value.map((item) => absentAsNull(items, item)) : value;
  }
  const properties = propertiesOf(branchFor(schema, value));
  if (typeof value !== "object" || value === null || !properties) return value;
  const completed: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(completed, name)) completed[name] = absentAsNull(property, completed[name]);
    else if (allowsNull(property)) completed[name] = null;
  }
  return completed;
}

/** Of a union of objects the one whose constants the value has. */
function branchFor(schema: JsonSchema, value: unknown): JsonSchema {
  const { anyOf } = schema as { anyOf?: readonly JsonSchema[] };
  if (anyOf === undefined || typeof value !== "object" || value === null) return schema;
  const given = value as Readonly<Record<string, unknown>>;
  const fits = (branch: JsonSchema): boolean =>
    Object.entries(propertiesOf(branch) ?? {}).every(([name, property]) => {
      const allowed = property["enum"] as readonly unknown[] | undefined;
      return allowed?.length !== 1 || allowed[0] === given[name];
    });
  return anyOf.find((branch) => propertiesOf(branch) !== undefined && fits(branch)) ?? schema;
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> | undefined {
  return schema["properties"] as Readonly<Record<string, JsonSchema>> | undefined;
}

function allowsNull(schema: JsonSchema): boolean {
  const { type, anyOf } = schema as { type?: unknown; anyOf?: readonly JsonSchema[] };
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  return anyOf?.some(allowsNull) ?? false;
}
