const CAPACITY = 4096;
/** A hash keeps its place for so many others: moving it at every question costs more than the answer. */
const MOVE_AFTER = CAPACITY / 4;
const FORGET_AFTER_MS = 6 * 3_600_000;

/**
 * The least that must pass before a content that is brought again moves its time on; with the time for which its hash
 * may stand below, `blobs.touched_at` is never more than twice this behind the last use. Retention counts on it.
 */
export const TOUCH_AFTER_MS = FORGET_AFTER_MS;

/** A moment on the wall and on a clock that nobody sets: the first jumps, the second sleeps with the machine. */
export type Moment = { readonly wall: number; readonly steady: number };

/** When it was brought, and how many had been brought when it was last moved behind all others. */
type Known = { readonly since: Moment; readonly moved: number };

/** The hashes brought most recently, so that a blob that is surely there, and surely stays, is not sent again. */
export class KnownBlobs {
  readonly #now: () => Moment;
  readonly #names = new Map<string, Known>();
  #added = 0;

  constructor(now: () => Moment = () => ({ wall: Date.now(), steady: performance.now() })) {
    this.#now = now;
  }

  has(tenantId: string, hash: string): boolean {
    const name = `${hash} ${tenantId}`;
    const known = this.#names.get(name);
    if (known === undefined) return false;
    const { since } = known;
    const { wall, steady } = this.#now();
    const forgotten = Math.max(Math.abs(wall - since.wall), steady - since.steady) >= FORGET_AFTER_MS;
    if (!forgotten && this.#added - known.moved < MOVE_AFTER) return true;
    this.#names.delete(name);
    if (!forgotten) this.#names.set(name, { since, moved: this.#added });
    return !forgotten;
  }

  /** To be called once the write is durable, never before. */
  add(tenantId: string, hash: string): void {
    const name = `${hash} ${tenantId}`;
    this.#names.delete(name);
    this.#added += 1;
    this.#names.set(name, { since: this.#now(), moved: this.#added });
    if (this.#names.size <= CAPACITY) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      break;
    }
  }
}
