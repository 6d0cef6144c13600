import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

export type WrittenRows = { readonly rows: Record<string, unknown>[]; readonly changes: number };
export type WriteQuery = (sql: string, parameters: readonly SQLInputValue[]) => Promise<WrittenRows>;

/**
 * Kysely on node:sqlite. With `write`, everything but a select goes there; without it, `database` does all.
 * Columns come back by their declared type: `boolean` and `json text` as the values they stand for.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #write: WriteQuery | null;

  constructor(database: DatabaseSync, write: WriteQuery | null = null) {
    this.#database = database;
    this.#write = write;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#database, this.#write);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** SQLite does roll back schema changes, so a migration that dies half-way leaves nothing. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: NodeSqliteConnection;

  constructor(database: DatabaseSync, write: WriteQuery | null) {
    this.#connection = new NodeSqliteConnection(database, write);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  /** One connection for all: reads are done before anyone else gets a turn. */
  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

type Decode = (value: unknown) => unknown;
const DECODERS: Readonly<Record<string, Decode>> = {
  boolean: (value) => value !== 0,
  "json text": (value) => JSON.parse(value as string) as unknown,
};

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #write: WriteQuery | null;
  readonly #selects = new Map<string, Select>();

  constructor(database: DatabaseSync, write: WriteQuery | null) {
    this.#database = database;
    this.#write = write;
  }

  async executeQuery<R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> {
    const values = parameters.map(toSqlValue);
    if (query.kind === "SelectQueryNode") return { rows: this.#select(sql).all(values) as R[] };
    const { rows, changes } = this.#write ? await this.#write(sql, values) : this.#run(sql, values);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  // oxlint-disable-next-line require-yield -- the interface asks for a stream, and nobody here wants one
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("SQLite queries are not streamed");
  }

  #select(sql: string): Select {
    const known = this.#selects.get(sql);
    if (known !== undefined) return known;
    // A list of n values makes a text of its own for every n; the map must not grow with them.
    if (this.#selects.size >= 200) this.#selects.clear();
    const select = new Select(this.#database.prepare(sql));
    this.#selects.set(sql, select);
    return select;
  }

  #run(sql: string, values: readonly SQLInputValue[]): WrittenRows {
    const statement = this.#database.prepare(sql);
    if (statement.columns().length > 0) return { rows: new Select(statement).all(values), changes: 0 };
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }
}

class Select {
  readonly #statement: StatementSync;
  readonly #decoders: readonly (readonly [column: string, decode: Decode])[];

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.#decoders = statement.columns().flatMap(({ name, type }) => {
      const decode = DECODERS[type?.toLowerCase() ?? ""];
      return decode === undefined ? [] : [[name, decode] as const];
    });
  }

  all(values: readonly SQLInputValue[]): Record<string, unknown>[] {
    return this.#statement.all(...values).map((row) => {
      // node:sqlite gives rows without a prototype; callers compare and print them as ordinary objects.
      const decoded: Record<string, unknown> = { ...row };
      for (const [column, decode] of this.#decoders) {
        if (decoded[column] !== null) decoded[column] = decode(decoded[column]);
      }
      return decoded;
    });
  }
}

function toSqlValue(value: unknown): SQLInputValue {
  return typeof value === "boolean" ? Number(value) : (value as SQLInputValue);
}
