import { constants, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** Bytes that SQLite may use, for the table and for answering. */
const MOST_MEMORY = 384 * 1024 ** 2;
/** Bytes of one value, and of the question. */
const LONGEST_VALUE = 16 * 1024 ** 2;
const LONGEST_SQL = 20_000;

const READS = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_FUNCTION]);
const LOADS_CODE = new Set(["load_extension"]);

/** A table `data` in memory, which one SELECT may ask. A question without end ends with the process that asks. */
export class TableQuery {
  readonly #database: DatabaseSync;
  #insert: StatementSync | null = null;

  constructor() {
    this.#database = new DatabaseSync(":memory:", {
      allowExtension: false,
      limits: { length: LONGEST_VALUE, sqlLength: LONGEST_SQL + LONGEST_VALUE, attach: 0 },
    });
    this.#database.exec(`pragma hard_heap_limit = ${MOST_MEMORY}; pragma temp_store = memory`);
  }

  /** Throws when the names can't be those of a table. */
  begin(columns: readonly string[]): void {
    const names = columns.map((name) => `"${name.replaceAll('"', '""')}"`);
    this.#database.exec(`create table data (${names.length > 0 ? names.join(", ") : '"(no columns)"'})`);
    const values = names.length > 0 ? names.map(() => "?").join(", ") : "null";
    this.#insert = this.#database.prepare(`insert into data values (${values})`);
    this.#database.exec("begin");
  }

  insert(values: readonly unknown[]): void {
    this.#insert?.run(...values.map(toSqlValue));
  }

  /** Throws when it is no SELECT, asks for what it may not, or gives another thing than one value. */
  ask(sql: string): { readonly isTrue: boolean; readonly text: string } {
    if (sql.length > LONGEST_SQL) throw new Error(`it is longer than ${LONGEST_SQL} characters`);
    if (this.#database.isTransaction) this.#database.exec("commit");
    this.#database.setAuthorizer((action, first, second) => {
      const reads = READS.has(action) && !LOADS_CODE.has(String(first)) && !LOADS_CODE.has(String(second));
      return reads ? constants.SQLITE_OK : constants.SQLITE_DENY;
    });
    try {
      return valueOf(this.#database.prepare(sql));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!/not authorized|authorization denied|prohibited/.test(message)) throw error;
      throw new Error("only one SELECT over data is allowed, without recursion", { cause: error });
    }
  }
}

function valueOf(statement: StatementSync): { readonly isTrue: boolean; readonly text: string } {
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const rows: unknown[][] = [];
  for (const row of statement.iterate()) {
    rows.push(row as unknown as unknown[]);
    if (rows.length > 1) throw new Error("it gives more than one row, one value is expected");
  }
  const [row] = rows;
  if (row === undefined) throw new Error("it gives no row, one value is expected");
  if (row.length !== 1) throw new Error(`it gives ${row.length} values, one is expected`);
  return { isTrue: isTrue(row[0]), text: textOf(row[0]) };
}

function isTrue(value: unknown): boolean {
  return (typeof value === "bigint" && value !== 0n) || (typeof value === "number" && value !== 0);
}

function textOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 80))}` : "bytes";
}

const LEAST_INTEGER = -(2n ** 63n);

/** Whole numbers stay whole, so that they divide as such; what SQL has no type for becomes JSON. */
function toSqlValue(value: unknown): SQLInputValue {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case "bigint":
      return value >= LEAST_INTEGER && value < -LEAST_INTEGER ? value : String(value);
    case "boolean":
      return value ? 1n : 0n;
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      if (value instanceof Date) return value.toISOString();
      return toJson(value);
    case "undefined":
    case "function":
    case "symbol":
      return null;
  }
}

function toJson(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part));
}
