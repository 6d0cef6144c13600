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
  const properties = propertiesOf(schema);
  if (typeof value !== "object" || value === null || !properties) return value;
  const completed: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(completed, name)) completed[name] = absentAsNull(property, completed[name]);
    else if (allowsNull(property)) completed[name] = null;
  }
  return completed;
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> | undefined {
  return schema["properties"] as Readonly<Record<string, JsonSchema>> | undefined;
}

function allowsNull(schema: JsonSchema): boolean {
  const { type, anyOf } = schema as { type?: unknown; anyOf?: readonly JsonSchema[] };
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  return anyOf?.some(allowsNull) ?? false;
}
