/** Holds calls until some are in flight at the same time, and keeps who was. */
export class Rendezvous {
  readonly #awaited: readonly string[];
  readonly #patienceMs: number;
  readonly #inFlight = new Set<string>();
  readonly #arrived = new Set<string>();
  readonly #together = new Set<string>();
  readonly #met = Promise.withResolvers<void>();
  #most = 0;

  /** They wait for one another, for as long as that at most. */
  constructor(awaited: readonly string[], patienceMs = 10_000) {
    this.#awaited = awaited;
    this.#patienceMs = patienceMs;
  }

  /** The most calls that were in flight at the same time. */
  get most(): number {
    return this.#most;
  }

  get missing(): readonly string[] {
    return this.#awaited.filter((key) => !this.#arrived.has(key));
  }

  wereTogether(one: string, other: string): boolean {
    return this.#together.has(pairOf(one, other));
  }

  /** A call is in flight for as long as `answer` takes; those that wait go on when all who are awaited have come. */
  async hold<T>(key: string, waits: boolean, answer: () => T): Promise<T> {
    for (const other of this.#inFlight) this.#together.add(pairOf(key, other));
    this.#inFlight.add(key);
    this.#arrived.add(key);
    this.#most = Math.max(this.#most, this.#inFlight.size);
    if (this.missing.length === 0) this.#met.resolve();
    try {
      if (waits) await this.#allHere();
      return answer();
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #allHere(): Promise<void> {
    const late = setTimeout(() => this.#met.resolve(), this.#patienceMs);
    await this.#met.promise;
    clearTimeout(late);
  }
}

function pairOf(one: string, other: string): string {
  return [one, other].toSorted().join("|");
}
