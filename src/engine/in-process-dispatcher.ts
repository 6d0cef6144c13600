/**
 * Decides which workflows may have running steps in this process: at most `limit` at a time, the others in the order
 * in which they asked. It holds keys only; a workflow that waits for a slot costs no more than its name.
 */
export class InProcessDispatcher {
  readonly #limit: number;
  readonly #activate: (key: string) => void;
  readonly #active = new Set<string>();
  readonly #queue = new Set<string>();
  #closed = false;

  constructor(limit: number, activate: (key: string) => void) {
    this.#limit = limit;
    this.#activate = activate;
  }

  holds(key: string): boolean {
    return this.#active.has(key);
  }

  /** Takes a slot if one is free and nobody waits before this workflow. */
  tryTake(key: string): boolean {
    if (this.#closed || this.#active.size >= this.#limit) return false;
    if (this.#queue.size > 0 && !this.#queue.has(key)) return false;
    this.#queue.delete(key);
    this.#active.add(key);
    return true;
  }

  /** Asks for a slot; `activate` is called when the workflow has one. */
  enqueue(key: string): void {
    if (this.#active.has(key)) return;
    this.#queue.add(key);
    this.#fill();
  }

  release(key: string): void {
    if (this.#active.delete(key)) this.#fill();
  }

  /** Gives out no slot any more. */
  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  #fill(): void {
    for (const key of this.#queue) {
      if (this.#closed || this.#active.size >= this.#limit) return;
      this.#queue.delete(key);
      this.#active.add(key);
      this.#activate(key);
    }
  }
}
