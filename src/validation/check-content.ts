import type { FileCheck } from "../core/check.ts";
import { listed, quoted } from "./found-text.ts";
import { schemaProblems } from "./json-schema.ts";
import { countWords, headingsOf, parseMarkdown } from "./markdown.ts";
import { TableQuery } from "./table-query.ts";
import { isTable, readTable, type TableReader } from "./table.ts";

/** Every predicate of the check that the file does not satisfy, in words; rejects when the content can't be parsed at all. */
export async function checkContent(check: FileCheck, bytes: Uint8Array): Promise<string[]> {
  const problems: string[] = [];
  const { min_words, max_words } = check;
  const asText =
    check.contains.length > 0 || check.headings.length > 0 || min_words !== null || max_words !== null;
  if (asText || check.json_schema !== null) {
    const text = decode(bytes);
    if (text === null) return [`${check.path} is no UTF-8 text`];
    if (asText) problems.push(...textProblems(check, text));
    if (check.json_schema !== null) problems.push(...schemaProblems(check.path, text, check.json_schema));
  }
  return [...problems, ...(await tableProblems(check, bytes))];
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function textProblems(check: FileCheck, text: string): string[] {
  const { path } = check;
  const problems = check.contains
    .filter((part) => !text.includes(part))
    .map((part) => `${path} does not contain ${quoted(part)}${otherCase(text, part)}`);
  const markdown = check.headings.length > 0 || /\.(md|markdown)$/i.test(path) ? parseMarkdown(text) : null;
  if (markdown !== null && check.headings.length > 0) {
    const found = headingsOf(markdown).map((heading) => heading.text);
    const known = new Set(found.map(headingKey));
    for (const heading of check.headings.filter((wanted) => !known.has(headingKey(wanted))))
      problems.push(`${path} has no heading ${quoted(heading)}; there are ${listed(found, "none")}`);
  }
  const { min_words: least, max_words: most } = check;
  if (least === null && most === null) return problems;
  const words = countWords(markdown ?? text);
  if (least !== null && words < least)
    problems.push(`${path} has ${words} words, at least ${least} are expected`);
  if (most !== null && words > most)
    problems.push(`${path} has ${words} words, at most ${most} are expected`);
  return problems;
}

function otherCase(text: string, part: string): string {
  const at = text.toLowerCase().indexOf(part.toLowerCase());
  return at === -1 || part === "" ? "" : `; there is ${quoted(text.slice(at, at + part.length))}`;
}

/** Also for a heading that was asked for as `## Usage`. */
function headingKey(heading: string): string {
  return heading
    .trim()
    .replace(/^#{1,6}\s+/, "")
    .replaceAll(/\s+/g, " ")
    .toLowerCase();
}

async function tableProblems(check: FileCheck, bytes: Uint8Array): Promise<string[]> {
  const { path, columns, min_rows: least, sql } = check;
  if (columns.length === 0 && least === null && sql === null) return [];
  if (!isTable(path))
    return [
      `${path} is no table: columns, rows and SQL are for CSV, TSV, JSON, JSON Lines and Parquet files`,
    ];
  const counter = new TableCounter(sql === null ? null : new TableQuery());
  try {
    await readTable(path, bytes, counter);
  } catch (error) {
    return [`${path} can't be read as a table: ${reasonOf(error)}`];
  }
  const missing = columns.filter((column) => !counter.names.includes(column));
  const problems = missing.map(
    (column) => `column ${column} is missing in ${path}; there are ${listed(counter.names, "none")}`,
  );
  if (least !== null && counter.count < least)
    problems.push(`${path} has ${counter.count} rows, at least ${least} are expected`);
  if (sql !== null && counter.query !== null) problems.push(...queryProblems(path, sql, counter));
  return problems;
}

function queryProblems(path: string, sql: string, { query, names }: TableCounter): string[] {
  try {
    const found = query!.ask(sql);
    return found.isTrue ? [] : [`${path} does not satisfy ${quoted(sql)}: it gives ${found.text}`];
  } catch (error) {
    const columns = `the columns are ${listed(names, "none")}`;
    return [`the SQL check of ${path} can't be run: ${reasonOf(error)}; ${columns}: ${quoted(sql)}`];
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "it is too large or nested too deeply";
  return error instanceof Error ? error.message : String(error);
}

class TableCounter implements TableReader {
  readonly query: TableQuery | null;
  names: readonly string[] = [];
  count = 0;

  constructor(query: TableQuery | null) {
    this.query = query;
  }

  columns(names: readonly string[]): void {
    this.names = names;
    this.query?.begin(names);
  }

  row(values: readonly unknown[]): void {
    this.count += 1;
    this.query?.insert(values);
  }
}
