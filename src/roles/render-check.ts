import { type Check, checkOf, type FileCheck } from "../core/check.ts";
import type { AcceptanceCriterion } from "../core/documents.ts";

/** How a criterion is decided, as a sentence for those who work towards it. */
export function checkInWords(criterion: AcceptanceCriterion): string {
  const check = checkOf(criterion);
  switch (check.kind) {
    case "command":
      return commandInWords(check);
    case "file":
      return `The engine reads the file ${check.path}: ${demandsOf(check).join("; ")}.`;
    case "http":
      return httpInWords(check);
    case "rubric":
      return `QA reads the work and shows the place: ${check.question}`;
  }
}

function commandInWords({
  command,
  exit_code,
  output_contains,
}: Extract<Check, { kind: "command" }>): string {
  const output = output_contains === null ? "" : ` and an output that contains ${quoted(output_contains)}`;
  return `It passes with exit code ${exit_code}${output}. The engine runs in the root of the finished tree, without network: ${command}`;
}

function httpInWords({
  start,
  method,
  path,
  body,
  status,
  ...answer
}: Extract<Check, { kind: "http" }>): string {
  const sent = body === null ? "" : ` with the body ${body}`;
  const words =
    answer.body_contains === null ? "" : ` and a body that contains ${quoted(answer.body_contains)}`;
  return `The engine starts the server and sends ${method} ${path}${sent}; the answer must have status ${status}${words}. Started by: ${start}`;
}

function demandsOf(check: FileCheck): string[] {
  const { contains, headings, columns, min_words, max_words, min_rows, sql, json_schema } = check;
  const demands = [
    ...contains.map((text) => `it contains ${quoted(text)}`),
    ...headings.map((heading) => `it has the heading ${quoted(heading)}`),
    ...columns.map((column) => `it has the column ${quoted(column)}`),
    min_words === null ? null : `it has at least ${min_words} words`,
    max_words === null ? null : `it has at most ${max_words} words`,
    min_rows === null ? null : `it has at least ${min_rows} rows`,
    sql === null ? null : `this query over its rows is true: ${sql}`,
    json_schema === null ? null : `it satisfies this JSON Schema: ${json_schema}`,
  ].filter((demand) => demand !== null);
  return ["it exists", ...demands];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
