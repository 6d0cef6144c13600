/** Lets at most `most` of the works that come run at a time, in the order in which they came. */
export class Turnstile {
  readonly #most: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** `work` must not reject. */
  enter(work: () => Promise<void>): void {
    this.#waiting.push(work);
    this.#admit();
  }

  #admit(): void {
    while (this.#inside < this.#most) {
      const work = this.#waiting.shift();
      if (!work) return;
      this.#inside += 1;
      void work().finally(() => {
        this.#inside -= 1;
        this.#admit();
      });
    }
  }
}
