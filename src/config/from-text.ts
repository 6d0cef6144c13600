import { type SchemaNode, typesOf } from "./config-schema.ts";

/** Reads a value written as text the way its setting wants it. What does not fit stays text, for the schema to refuse. */
export function fromText(text: string, schema: SchemaNode): unknown {
  const types = typesOf(schema);
  if (types.includes("null") && text === "null") return null;
  if (types.includes("array"))
    return text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  if ((types.includes("integer") || types.includes("number")) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (types.includes("boolean") && /^(true|false)$/.test(text)) return text === "true";
  return text;
}
