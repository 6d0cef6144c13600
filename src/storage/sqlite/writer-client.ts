import type { SQLInputValue } from "node:sqlite";
import { Worker } from "node:worker_threads";

import type { CommitResult } from "../../core/workflow/commit.ts";
import { StorageError } from "../../ports/storage.ts";
import type { CommitTape } from "../commit-tape.ts";
import type { WrittenRows } from "./node-sqlite-dialect.ts";
import { sqliteError } from "./sqlite-error.ts";
import type { FromWriter, ToWriter, WriteOperation, WriteOutcome } from "./writer-thread.ts";

const THREAD = import.meta.url.endsWith(".ts")
  ? new URL("./writer-thread.ts", import.meta.url)
  : new URL("./writer-thread.js", import.meta.url);

type Waiting = {
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: StorageError) => void;
};

const APPLIED: CommitResult = { ok: true };

/** Operations that are sent on before the turn of the loop ends: what a busy turn brings is safe the sooner. */
const FULL_AT = 16;
/** Outcomes that are handed on in one turn of the loop. */
const TOLD_AT_ONCE = 8;

/** The writer thread as seen from the main thread: what one loop turn brings is sent as one message. */
export class WriterClient {
  readonly #file: string;
  readonly #worker: Worker;
  readonly #sent: Waiting[][] = [];
  readonly #opened = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #operations: WriteOperation[] = [];
  #waiting: Waiting[] = [];
  readonly #answered: { readonly waiting: Waiting; readonly outcome: WriteOutcome }[] = [];
  #telling = false;
  #gone: StorageError | null = null;

  /** Starts the thread at once, so that it loads while the caller migrates; `open` tells it the file. */
  constructor(file: string, thread: URL = THREAD) {
    this.#file = file;
    // Some of the process's own flags, --input-type among them, keep a thread from starting.
    this.#worker = new Worker(thread, { execArgv: [] });
    this.#worker.on("message", (message: FromWriter) => this.#hear(message));
    this.#worker.on("error", (error) => this.#end(`the writer thread failed: ${String(error)}`, error));
    this.#worker.on("exit", () => {
      this.#end("the writer thread has ended");
      this.#exited.resolve();
    });
    // Whoever waits for it hears of a failure; nobody has to.
    this.#opened.promise.catch(() => undefined);
  }

  async open(): Promise<void> {
    this.#post({ open: this.#file });
    await this.#opened.promise;
  }

  async commit(tape: CommitTape): Promise<CommitResult> {
    const outcome = await this.#submit(tape);
    if (outcome === null) return APPLIED;
    if (typeof outcome === "string") return { ok: false, code: outcome };
    throw new Error("the writer answered a commit as if it were a query");
  }

  async query(sql: string, parameters: readonly SQLInputValue[]): Promise<WrittenRows> {
    const outcome = await this.#submit({ sql, parameters });
    if (outcome !== null && typeof outcome === "object" && "written" in outcome) return outcome.written;
    throw new Error("the writer answered a query as if it were a commit");
  }

  /** What was submitted before is still written. */
  async close(): Promise<void> {
    if (this.#gone === null) {
      this.#flush();
      this.#gone = new StorageError("storage_failed", `SQLite database ${this.#file} is closed.`);
      this.#post("close");
    }
    await this.#exited.promise;
  }

  /** Rejects when writes can no longer succeed. */
  assertAlive(): void {
    if (this.#gone !== null) throw this.#gone;
  }

  #submit(operation: WriteOperation): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone);
        return;
      }
      this.#operations.push(operation);
      this.#waiting.push({ resolve, reject });
      if (this.#operations.length === 1) setImmediate(() => this.#flush());
      else if (this.#operations.length >= FULL_AT) this.#flush();
    });
  }

  #flush(): void {
    if (this.#operations.length === 0) return;
    this.#sent.push(this.#waiting);
    this.#post(this.#operations);
    this.#operations = [];
    this.#waiting = [];
  }

  #post(message: ToWriter): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#worker.postMessage(message);
  }

  #hear(message: FromWriter): void {
    if ("opened" in message) {
      this.#opened.resolve();
    } else if ("failure" in message) {
      this.#opened.reject(sqliteError(this.#file, message.failure));
    } else {
      this.#settle(message);
    }
  }

  /**
   * The thread answers in order, but may have put several messages into one transaction. What follows an answer (the next
   * step is decided and written down) takes longer than the answer: told to all at once, it would keep requests waiting.
   */
  #settle(outcomes: readonly WriteOutcome[]): void {
    let at = 0;
    while (at < outcomes.length) {
      for (const waiting of this.#sent.shift() ?? []) {
        this.#answered.push({ waiting, outcome: outcomes[at++] ?? null });
      }
    }
    if (!this.#telling) this.#tell(TOLD_AT_ONCE);
  }

  #tell(most: number): void {
    for (const { waiting, outcome } of this.#answered.splice(0, most)) {
      if (outcome !== null && typeof outcome === "object" && "failure" in outcome) {
        waiting.reject(sqliteError(this.#file, outcome.failure));
      } else {
        waiting.resolve(outcome);
      }
    }
    this.#telling = this.#answered.length > 0;
    if (this.#telling) setImmediate(() => this.#tell(TOLD_AT_ONCE));
  }

  #end(reason: string, cause?: unknown): void {
    this.#gone ??= new StorageError(
      "storage_failed",
      `SQLite database ${this.#file}: ${reason}. Restart the server; what was reported as done is on the disk.`,
      { cause },
    );
    this.#opened.reject(this.#gone);
    this.#tell(Infinity);
    const lost = [...this.#sent.splice(0).flat(), ...this.#waiting];
    this.#operations = [];
    this.#waiting = [];
    for (const waiting of lost) waiting.reject(this.#gone);
  }
}
