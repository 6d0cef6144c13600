import { z } from "zod";

/** How an acceptance criterion is decided. Descriptions travel to the model inside the Project Manager's schema. */

const Text = z.string();
const Count = z.int().min(0);

export const CommandCheck = z.object({
  kind: z.literal("command"),
  command: Text.min(1).describe(
    "A shell command that is run in the root of the finished tree, without network: node --test.",
  ),
  exit_code: z.int().describe("The exit code that passes, as a rule 0."),
  output_contains: Text.nullable().describe(
    "Text that the output must contain, exactly; null when any will do.",
  ),
});
export type CommandCheck = z.infer<typeof CommandCheck>;

export const FileCheck = z.object({
  kind: z.literal("file"),
  path: Text.min(1).describe("The file that must exist, relative to the root of the tree."),
  contains: z.array(Text).describe("Texts that must all appear in it, exactly; empty for none."),
  headings: z.array(Text).describe("Markdown headings that must exist; empty for none."),
  min_words: Count.nullable(),
  max_words: Count.nullable(),
  columns: z.array(Text).describe("Columns that a CSV, JSON or Parquet table must have; empty for none."),
  min_rows: Count.nullable(),
  sql: Text.nullable().describe(
    "One SELECT over the table `data` (the rows of the file), whose single value must be true: select count(*) = 0 from data where price < 0.",
  ),
  json_schema: Text.nullable().describe("A JSON Schema as text that the file's JSON must satisfy, or null."),
});
export type FileCheck = z.infer<typeof FileCheck>;

export const HttpCheck = z.object({
  kind: z.literal("http"),
  start: Text.min(1).describe("The command that starts the server; it finds its port in the variable PORT."),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  path: Text.min(1).describe("Path and query, such as /health."),
  body: Text.nullable().describe("What is sent as JSON, or null."),
  status: z.int().min(100).max(599),
  body_contains: Text.nullable(),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

export const RubricCheck = z.object({
  kind: z.literal("rubric"),
  question: Text.min(1).describe("What QA has to find in the tree, to be shown by path and line or a quote."),
});
export type RubricCheck = z.infer<typeof RubricCheck>;

export const Check = z.discriminatedUnion("kind", [CommandCheck, FileCheck, HttpCheck, RubricCheck]);
export type Check = z.infer<typeof Check>;

/** Whether the engine decides it by itself. */
export function isMechanical(check: Check): check is Exclude<Check, RubricCheck> {
  return check.kind !== "rubric";
}

/** How it is decided; contracts from before there were checks are read by QA. */
export function checkOf(criterion: { readonly text: string; readonly check?: Check }): Check {
  return criterion.check ?? { kind: "rubric", question: criterion.text };
}
