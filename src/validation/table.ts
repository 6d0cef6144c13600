import { parse } from "csv-parse/sync";

import { readParquet } from "./parquet.ts";
import { isJsonLines, readJson, readJsonLines } from "./read-json.ts";

/** Is told the columns once, then every row as values in their order: text, number, bigint or null. */
export interface TableReader {
  columns(names: readonly string[]): void;
  row(values: readonly unknown[]): void;
}

const LONGEST_RECORD = 4 * 1024 ** 2;

export function isTable(path: string): boolean {
  return /\.(csv|tsv|json|jsonl|ndjson|parquet)$/i.test(path);
}

/** Rejects with an Error that says why it is no table. */
export async function readTable(path: string, bytes: Uint8Array, reader: TableReader): Promise<void> {
  if (/\.parquet$/i.test(path)) return readParquet(bytes, reader);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (/\.[ct]sv$/i.test(path)) return readCsv(path, text, reader);
  return readObjects(isJsonLines(path) ? readJsonLines(text) : readJson(text), reader);
}

/** The first record names the columns. Numbers become numbers, except those with leading zeros; empty fields null. */
export function readCsv(path: string, text: string, reader: TableReader): void {
  let named = false;
  parse(text, {
    bom: true,
    delimiter: delimiterOf(path, text),
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
    on_record: (record: string[]) => {
      if (named) reader.row(record.map(toValue));
      else reader.columns(record.map((name) => name.trim()));
      named = true;
      // Kept nowhere: the reader has it.
      return null;
    },
  });
  if (!named) throw new Error("it is empty");
}

/** The one that the first line has most of. */
function delimiterOf(path: string, text: string): string {
  if (/\.tsv$/i.test(path)) return "\t";
  const first = text.slice(0, LONGEST_RECORD).split("\n", 1)[0] ?? "";
  const counted = [",", ";", "\t"].map((character) => ({ character, count: first.split(character).length }));
  return counted.reduce((best, other) => (other.count > best.count ? other : best)).character;
}

const NUMBER = /^-?(0|[1-9]\d{0,17})(\.\d{1,30})?([eE][+-]?\d{1,3})?$/;

function toValue(field: string): string | number | bigint | null {
  if (field === "") return null;
  const parts = NUMBER.exec(field);
  if (parts === null) return field;
  return parts[2] === undefined && parts[3] === undefined ? BigInt(field) : Number(field);
}

function readObjects(value: unknown, reader: TableReader): void {
  if (!Array.isArray(value)) throw new Error("it is no array of objects");
  const rows: readonly unknown[] = value;
  const names = new Set<string>();
  for (const [index, row] of rows.entries()) {
    if (!isObject(row)) throw new Error(`its item ${index + 1} is no object`);
    for (const name of Object.keys(row)) names.add(name);
  }
  const columns = [...names];
  reader.columns(columns);
  for (const row of rows) if (isObject(row)) reader.row(columns.map((name) => row[name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
