/**
 * Lets at most `most` of the works that come run at a time and begin in one turn of the event loop, in the order in which
 * they came: reads of SQLite never wait, so that a thousand works would be one turn, and what the first wants to write
 * would leave after the last.
 */
export class Turnstile {
  readonly #most: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #inside = 0;
  #begunInTurn = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** `work` must not reject. */
  enter(work: () => Promise<void>): void {
    this.#waiting.push(work);
    this.#admit();
  }

  #admit(): void {
    while (this.#inside < this.#most && this.#begunInTurn < this.#most) {
      const work = this.#waiting.shift();
      if (!work) return;
      this.#inside += 1;
      this.#begunInTurn += 1;
      if (this.#begunInTurn === 1) setImmediate(() => this.#nextTurn());
      void work().finally(() => {
        this.#inside -= 1;
        this.#admit();
      });
    }
  }

  #nextTurn(): void {
    this.#begunInTurn = 0;
    this.#admit();
  }
}
