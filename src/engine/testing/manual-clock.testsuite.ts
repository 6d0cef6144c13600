import type { Clock } from "../../ports/clock.ts";

type Task = { readonly due: number; readonly delay: number; readonly run: () => void };

/** Waits longer than this are limits on work, not pauses between attempts: they are not flown over. */
const LONGEST_FLIGHT_MS = 120_000;

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly #tasks = new Set<Task>();
  readonly #watchers = new Set<() => void>();
  #now = Date.parse("2026-11-23T10:00:00.000Z");
  #flying = false;

  now(): Date {
    return new Date(this.#now);
  }

  after(delay: number, run: () => void): () => void {
    const task = { due: this.#now + delay, delay, run };
    this.#tasks.add(task);
    for (const watcher of this.#watchers) watcher();
    if (this.#flying && delay <= LONGEST_FLIGHT_MS) setImmediate(() => this.#fly(task));
    return () => this.#tasks.delete(task);
  }

  /** The delays that somebody waits for now, shortest first. */
  get waits(): number[] {
    return [...this.#tasks].map((task) => task.delay).toSorted((left, right) => left - right);
  }

  /** Runs what comes due on the way, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let task = this.#earliest(end); task; task = this.#earliest(end)) this.#run(task);
    this.#now = end;
  }

  /** Resolves once somebody waits for just this long. */
  async armed(delay: number): Promise<void> {
    if (this.waits.includes(delay)) return;
    const heard = Promise.withResolvers<void>();
    const watcher = (): void => {
      if (this.waits.includes(delay)) heard.resolve();
    };
    this.#watchers.add(watcher);
    await heard.promise;
    this.#watchers.delete(watcher);
  }

  /** From now on every pause is over at the next turn of the loop, and the clock shows its end. */
  fly(): void {
    this.#flying = true;
    for (const task of this.#tasks) {
      if (task.delay <= LONGEST_FLIGHT_MS) setImmediate(() => this.#fly(task));
    }
  }

  /** Ends flying. */
  land(): void {
    this.#flying = false;
  }

  #fly(task: Task): void {
    if (this.#tasks.has(task)) this.advance(Math.max(0, task.due - this.#now));
  }

  #earliest(end: number): Task | undefined {
    return [...this.#tasks]
      .filter((task) => task.due <= end)
      .toSorted((left, right) => left.due - right.due)
      .at(0);
  }

  #run(task: Task): void {
    this.#tasks.delete(task);
    this.#now = Math.max(this.#now, task.due);
    task.run();
  }
}
