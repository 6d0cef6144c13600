import { z } from "zod";

import { isJsonLines, readJson, readJsonLines } from "./read-json.ts";

const MOST = 10;

/** In words, with the place of each; what zod can't express (`if`, `not`, references to other files) is said as such. */
export function schemaProblems(path: string, text: string, schemaText: string): string[] {
  let schema: z.ZodType;
  try {
    schema = toZod(schemaText);
  } catch (error) {
    return [`the JSON Schema for ${path} can't be used: ${reasonOf(error)}`];
  }
  try {
    const value = isJsonLines(path) ? readJsonLines(text) : readJson(text);
    const read = schema.safeParse(value);
    if (read.success) return [];
    const { issues } = read.error;
    const shown = issues.slice(0, MOST).map((issue) => `${path} at ${placeOf(issue)}: ${issue.message}`);
    return issues.length > MOST ? [...shown, `${path}: and ${issues.length - MOST} more`] : shown;
  } catch (error) {
    return [`${path} can't be checked against its JSON Schema: ${reasonOf(error)}`];
  }
}

function toZod(text: string): z.ZodType {
  const schema = z.union([z.record(z.string(), z.unknown()), z.boolean()]).parse(readJson(text));
  const old = typeof schema === "object" && "definitions" in schema && !("$schema" in schema);
  return z.fromJSONSchema(schema, old ? { defaultTarget: "draft-7" } : {});
}

function placeOf(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? "the top" : issue.path.map(String).join(".");
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  if (error instanceof z.ZodError) return "it is no JSON object";
  return error instanceof Error ? error.message : String(error);
}
