import {
  type CommitTape,
  TAPE_TABLES,
  type TapeColumn,
  type TapeTable,
  type TapeValue,
} from "../commit-tape.ts";
import { COMMIT_COLUMNS, commitStatement, rowColumns, type StatementParts } from "./commit-statement.ts";
import { textArray } from "./text-array.ts";

/** A prepared statement and its parameters. */
export type BatchQuery = {
  readonly name: string;
  readonly text: string;
  readonly values: (Buffer | TapeValue)[];
};

type Columns = TapeValue[][];

const TABLES = Object.keys(TAPE_TABLES) as TapeTable[];
const FIRST_TABLE = COMMIT_COLUMNS.length - 1;
const EXPECTED_VERSION = 2;
const texts = new Map<string, string>();

/** Turns the tapes of a batch, all of different workflows, into the one statement that applies them. */
export function batchQuery(tapes: readonly CommitTape[]): BatchQuery {
  const commits = empty(COMMIT_COLUMNS);
  const rows = new Map(TABLES.map((table) => [table, empty(rowColumns(table))]));
  tapes.forEach((tape, ord) => {
    append(commits, ord, tape, 0);
    let at = FIRST_TABLE;
    for (const [table, columns] of rows) {
      const width = TAPE_TABLES[table].length;
      for (let rest = tape[at++] as number; rest > 0; rest -= 1) {
        append(columns, ord, tape, at);
        at += width;
      }
    }
  });
  const creates = tapes.some((tape) => tape[EXPECTED_VERSION] === 0);
  const updates = tapes.some((tape) => tape[EXPECTED_VERSION] !== 0);
  const tables = TABLES.filter((table) => rows.get(table)![0]!.length > 0);
  const single = tapes.length === 1;
  const name = nameOf({ single, creates, updates, tables });
  const text = texts.get(name) ?? commitStatement({ single, creates, updates, tables });
  texts.set(name, text);
  const values: (Buffer | TapeValue)[] = single
    ? commits.map(([value]) => value ?? null)
    : parameters(COMMIT_COLUMNS, commits);
  for (const table of tables) values.push(...parameters(rowColumns(table), rows.get(table)!));
  return { name, text, values };
}

/** Names of prepared statements are 63 characters at most. */
function nameOf({ single, creates, updates, tables }: StatementParts): string {
  const flags = `${single ? "1" : "n"}${creates ? "c" : ""}${updates ? "u" : ""}`;
  return `commit_${flags}_${tables.map((table) => TABLES.indexOf(table)).join("")}`;
}

function empty(columns: readonly TapeColumn[]): Columns {
  return columns.map(() => []);
}

function append(columns: Columns, ord: number, tape: CommitTape, at: number): void {
  columns[0]!.push(ord);
  for (let column = 1; column < columns.length; column += 1) columns[column]!.push(tape[at + column - 1]!);
}

function parameters(columns: readonly TapeColumn[], values: Columns): (Buffer | string)[] {
  return columns.map(([, type], index) => {
    const column = values[index]!;
    if (type === "text" || type === "json") return textArray(column as (string | null)[]);
    return `{${column.map((value) => value ?? "NULL").join(",")}}`;
  });
}
