import type { Clock } from "../ports/clock.ts";

/** At most one timer a workflow. */
export class WakeTimers {
  readonly #clock: Clock;
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the place of an earlier timer of the same key. */
  arm(key: string, delayMs: number, wake: () => void): void {
    this.disarm(key);
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      wake();
    });
    this.#timers.set(key, cancel);
  }

  disarm(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  disarmAll(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
