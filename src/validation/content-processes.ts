import type { ContentJob } from "./content-job.ts";
import { type ContentLimits, ContentProcess, type Outcome } from "./content-process.ts";

/** At a time; one that is busy with hostile content does not hold up the others. */
const MOST = 3;
/** Milliseconds for which an idle one is kept. */
const KEPT_MS = 30_000;

/** The processes that parse what models have written: started when needed, each used for one job at a time. */
export class ContentProcesses {
  readonly #limits: ContentLimits;
  readonly #all = new Set<ContentProcess>();
  readonly #idle: { readonly process: ContentProcess; readonly timer: NodeJS.Timeout }[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(limits: ContentLimits) {
    this.#limits = limits;
  }

  async run(job: ContentJob, signal: AbortSignal): Promise<Outcome> {
    await this.#turn(signal);
    let process: ContentProcess | null = null;
    try {
      signal.throwIfAborted();
      if (this.#closed) throw new Error("The content checker is closed.");
      process = this.#take();
      return await process.run(job, signal);
    } finally {
      this.#running -= 1;
      if (process !== null) this.#giveBack(process);
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    for (const waiting of this.#waiting.splice(0)) waiting();
    await Promise.all([...this.#all].map((process) => process.close()));
  }

  /** Resolves in the order of coming, with `#running` counted. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#running >= MOST && !this.#closed) {
      const turn = Promise.withResolvers<void>();
      const go = (): void => turn.resolve();
      this.#waiting.push(go);
      signal.addEventListener("abort", go, { once: true });
      await turn.promise;
      signal.removeEventListener("abort", go);
      const left = this.#waiting.indexOf(go);
      if (left !== -1) this.#waiting.splice(left, 1);
      else if (signal.aborted) this.#waiting.shift()?.();
      signal.throwIfAborted();
    }
    this.#running += 1;
  }

  #take(): ContentProcess {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.process.usable) return kept.process;
      this.#all.delete(kept.process);
    }
    const process = new ContentProcess(this.#limits);
    this.#all.add(process);
    return process;
  }

  #giveBack(process: ContentProcess): void {
    if (this.#closed || !process.usable) {
      process.kill();
      this.#all.delete(process);
      return;
    }
    const timer = setTimeout(() => {
      const index = this.#idle.findIndex((kept) => kept.process === process);
      this.#idle.splice(index, 1);
      this.#all.delete(process);
      process.kill();
    }, KEPT_MS);
    timer.unref();
    this.#idle.push({ process, timer });
  }
}
