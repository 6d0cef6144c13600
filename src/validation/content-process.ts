import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { ContentFindings, ContentJob, FromContentProcess } from "./content-job.ts";

const PROGRAM = import.meta.url.endsWith(".ts")
  ? new URL("./content-worker.ts", import.meta.url)
  : new URL("./content-worker.js", import.meta.url);

export type ContentLimits = {
  /** For one job. */
  readonly time_ms: number;
  /** Of the JavaScript heap; SQLite and decompression have limits of their own in the worker. */
  readonly heap_mb: number;
};

/** Milliseconds in which the process must have loaded; a busy machine takes seconds. */
const STARTS_WITHIN_MS = 60_000;
const ERRORS_KEPT = 4_096;

/** What the content was: bad enough to end the process. */
export type Outcome = ContentFindings | { readonly ended: "time" | "memory"; readonly at: string | null };

/**
 * One process that parses what models have written. It is a process and not a thread because a thread can't be stopped
 * within SQLite, and one that runs out of memory takes the server with it; both were tried on Node 24.21.
 */
export class ContentProcess {
  readonly #limits: ContentLimits;
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #stderr = "";
  #answer: PromiseWithResolvers<Outcome> | null = null;
  #at: string | null = null;
  #timedOut = false;
  #closed = false;
  #usable = true;

  constructor(limits: ContentLimits) {
    this.#limits = limits;
    this.#child = fork(fileURLToPath(PROGRAM), [], {
      execArgv: [
        "--permission",
        "--allow-fs-read=*",
        "--allow-worker",
        `--max-old-space-size=${limits.heap_mb}`,
      ],
      // Nothing of the server's secrets is there to be found.
      env: {},
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-ERRORS_KEPT);
    });
    this.#child.on("message", (message: FromContentProcess) => this.#hear(message));
    this.#child.on("error", (error) => this.#end(error));
    this.#child.on("close", () => this.#end(new Error(`it ended at its start: ${this.#stderr.trim()}`)));
    const late = setTimeout(() => {
      this.#ready.reject(new Error(`it did not start within ${STARTS_WITHIN_MS / 1_000} s`));
      this.kill();
    }, STARTS_WITHIN_MS);
    this.#ready.promise.finally(() => clearTimeout(late)).catch(() => undefined);
    this.#letServerEnd();
  }

  /** Whether another job can be given to it. */
  get usable(): boolean {
    return this.#usable && this.#child.connected;
  }

  /** Rejects when the process can't be started, or with the signal's reason, which ends the process. */
  async run(job: ContentJob, signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted();
    this.#child.ref();
    this.#child.channel?.ref();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => {
      this.kill();
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#started(), aborted.promise]);
      return await Promise.race([this.#answerTo(job), aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#letServerEnd();
    }
  }

  /** Ends it at once, also in the middle of a job. */
  kill(): void {
    this.#usable = false;
    this.#child.kill("SIGKILL");
  }

  /** Resolves when it has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#child.ref();
    this.kill();
    await this.#exited.promise;
  }

  async #started(): Promise<void> {
    try {
      await this.#ready.promise;
    } catch (error) {
      throw new Error(`The process that checks contents can't be started: ${String(error)}`, {
        cause: error,
      });
    }
  }

  async #answerTo(job: ContentJob): Promise<Outcome> {
    this.#at = null;
    const answer = Promise.withResolvers<Outcome>();
    this.#answer = answer;
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.kill();
    }, this.#limits.time_ms);
    try {
      // A process that has just ended is heard of by "close".
      this.#child.send(job, () => undefined);
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#answer = null;
    }
  }

  #hear(message: FromContentProcess): void {
    if ("ready" in message) this.#ready.resolve();
    else if ("at" in message) this.#at = message.at;
    else this.#answer?.resolve(message);
  }

  #end(error: Error): void {
    this.#usable = false;
    this.#ready.reject(error);
    if (this.#closed) this.#answer?.reject(new Error("The content checker was closed."));
    else this.#answer?.resolve({ ended: this.#timedOut ? "time" : "memory", at: this.#at });
    this.#exited.resolve();
  }

  /** An idle one keeps nobody waiting; it ends by itself when the server has gone. */
  #letServerEnd(): void {
    this.#child.unref();
    this.#child.channel?.unref();
  }
}
