import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";

import type { CommitTape } from "../commit-tape.ts";
import { CommitWriter, type Verdict } from "./apply-commits.ts";
import type { WrittenRows } from "./node-sqlite-dialect.ts";
import { type SqliteFailure, toSqliteFailure } from "./sqlite-error.ts";

export type WriteOperation =
  | CommitTape
  | { readonly sql: string; readonly parameters: readonly SQLInputValue[] };
export type WriteOutcome = { readonly failure: SqliteFailure } | { readonly written: WrittenRows } | Verdict;

/** What the main thread says: open a file, do these in order, or finish. */
export type ToWriter = { readonly open: string } | readonly WriteOperation[] | "close";
/** What it hears: the file is open or can't be, or the outcomes of operations in the order of their sending. */
export type FromWriter =
  | { readonly opened: true }
  | { readonly failure: SqliteFailure }
  | readonly WriteOutcome[];

/** Milliseconds for which another program may hold the file before a write fails. */
const PATIENCE_MS = 10_000;
/** The default of 2 MB is read over and over with a few dozen workflows in flight. */
const CACHE_KIB = 16_384;
/** 16 MB of log: under load the default folds it back, with two more syncs, every third transaction. */
const CHECKPOINT_PAGES = 2_000;

/** The only connection that writes; it commits everything that waits in one transaction. */
class Writer {
  readonly #database: DatabaseSync;
  readonly #commits: CommitWriter;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #queries = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: PATIENCE_MS });
    this.#database.exec("pragma journal_mode = wal; pragma synchronous = full");
    this.#database.exec(`pragma cache_size = -${CACHE_KIB}; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    const synchronous = this.#database.prepare("pragma synchronous").get()?.["synchronous"];
    if (synchronous !== 2) throw new Error("it can't be told to sync each commit to the disk");
    this.#commits = new CommitWriter(this.#database);
    this.#begin = this.#database.prepare("begin immediate");
    this.#commit = this.#database.prepare("commit");
  }

  /** One transaction for all; when one of them fails unexpectedly, one for each, so that the others stand. */
  apply(operations: readonly WriteOperation[]): WriteOutcome[] {
    try {
      this.#begin.run();
    } catch (error) {
      return operations.map(() => ({ failure: toSqliteFailure(error) }));
    }
    try {
      const outcomes = operations.map((operation) => this.#applyOne(operation));
      this.#commit.run();
      return outcomes;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      if (operations.length === 1) return [{ failure: toSqliteFailure(error) }];
      return operations.flatMap((operation) => this.apply([operation]));
    }
  }

  close(): void {
    this.#database.close();
  }

  #applyOne(operation: WriteOperation): WriteOutcome {
    if ("sql" in operation) return { written: this.#run(operation.sql, operation.parameters) };
    return this.#commits.apply(operation);
  }

  #run(sql: string, parameters: readonly SQLInputValue[]): WrittenRows {
    const statement = this.#queries.get(sql) ?? this.#database.prepare(sql);
    this.#queries.set(sql, statement);
    if (statement.columns().length === 0) {
      return { rows: [], changes: Number(statement.run(...parameters).changes) };
    }
    const rows = statement.all(...parameters);
    return { rows, changes: rows.length };
  }
}

const port = parentPort;
if (port === null) throw new Error("writer-thread.ts runs in a worker thread only");
let writer: Writer | null = null;

port.on("message", (first: ToWriter) => {
  const operations: WriteOperation[] = [];
  let closing = false;
  for (let message: ToWriter | undefined = first; message !== undefined; message = nextMessage()) {
    if (message === "close") closing = true;
    else if ("open" in message) open(message.open);
    else operations.push(...message);
  }
  if (operations.length > 0 && writer !== null) answer(writer.apply(operations));
  if (!closing) return;
  writer?.close();
  port.close();
});

function nextMessage(): ToWriter | undefined {
  const received: { message: ToWriter } | undefined = receiveMessageOnPort(port!);
  return received?.message;
}

function open(file: string): void {
  try {
    writer = new Writer(file);
    answer({ opened: true });
  } catch (error) {
    answer({ failure: toSqliteFailure(error) });
  }
}

function answer(message: FromWriter): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  port!.postMessage(message);
}
