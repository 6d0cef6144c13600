import type { Clock } from "../ports/clock.ts";

const WINDOW_MS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_MESSAGES = 5_000;

/** Counts what one server sends without being asked for it, and how many bytes it sends at all, over ten seconds. */
export class FloodGauge {
  readonly #clock: Clock;
  #since: number;
  #bytes = 0;
  #messages = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now().getTime();
  }

  /** What is wrong, as the end of a sentence; null as long as it is bearable. */
  add(got: { readonly bytes?: number; readonly messages?: number }): string | null {
    const now = this.#clock.now().getTime();
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#bytes = 0;
      this.#messages = 0;
    }
    this.#bytes += got.bytes ?? 0;
    this.#messages += got.messages ?? 0;
    if (this.#messages > MOST_MESSAGES)
      return `sent more than ${MOST_MESSAGES} messages that nobody asked for`;
    return this.#bytes > MOST_BYTES ? `sent more than ${MOST_BYTES} bytes at once` : null;
  }
}

/** Longest single message that is read. */
export const LONGEST_MESSAGE = 16 * 1024 * 1024;
