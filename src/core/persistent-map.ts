const ENTRIES_PER_BUCKET = 8;

type Entry<V> = readonly [key: string, value: V];
type Bucket<V> = readonly Entry<V>[];

/**
 * Immutable map with string keys whose `set` and `delete` copy one bucket and the bucket list, never all entries,
 * so that a workflow of ten thousand tasks pays about as much for a change as one of ten.
 * Arrays are made at their exact size: one that grew by spread or push keeps room for 16 more, in every workflow.
 * Iteration order is unspecified: values that need an order carry an `ordinal`.
 */
export class PersistentMap<V> {
  readonly size: number;
  readonly #buckets: readonly (Bucket<V> | undefined)[];

  private constructor(buckets: readonly (Bucket<V> | undefined)[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return EMPTY as PersistentMap<V>;
  }

  static of<V>(entries: Iterable<Entry<V>>): PersistentMap<V> {
    const list = [...entries];
    const buckets: Entry<V>[][] = Array.from({ length: bucketsFor(list.length) });
    for (const entry of list) {
      const at = hash(entry[0]) & (buckets.length - 1);
      (buckets[at] ??= []).push(entry);
    }
    const exact = buckets.map((bucket) => bucket?.slice());
    return new PersistentMap<V>(exact, list.length);
  }

  get(key: string): V | undefined {
    return this.#bucket(key)?.find((entry) => entry[0] === key)?.[1];
  }

  has(key: string): boolean {
    return this.#bucket(key)?.some((entry) => entry[0] === key) ?? false;
  }

  set(key: string, value: V): PersistentMap<V> {
    if (this.size >= this.#buckets.length * ENTRIES_PER_BUCKET && !this.has(key)) {
      return PersistentMap.of<V>([...this.entries(), [key, value]]);
    }
    const at = hash(key) & (this.#buckets.length - 1);
    const bucket = this.#buckets[at] ?? [];
    const index = bucket.findIndex((entry) => entry[0] === key);
    const buckets = this.#buckets.slice();
    buckets[at] = index < 0 ? bucket.concat([[key, value]]) : bucket.with(index, [key, value]);
    return new PersistentMap(buckets, index < 0 ? this.size + 1 : this.size);
  }

  /** Without an entry; the buckets stay as many as they are. */
  delete(key: string): PersistentMap<V> {
    const at = hash(key) & (this.#buckets.length - 1);
    const bucket = this.#buckets[at];
    const index = bucket?.findIndex((entry) => entry[0] === key) ?? -1;
    if (!bucket || index < 0) return this;
    const buckets = this.#buckets.slice();
    buckets[at] = bucket.length === 1 ? undefined : bucket.toSpliced(index, 1);
    return new PersistentMap(buckets, this.size - 1);
  }

  *entries(): IterableIterator<Entry<V>> {
    for (const bucket of this.#buckets) if (bucket) yield* bucket;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Entries that are new or different (by reference) against an earlier version of this map; not those that are gone. */
  changedSince(before: PersistentMap<V>): Entry<V>[] {
    if (before === this) return [];
    const sameShape = before.#buckets.length === this.#buckets.length;
    const changed: Entry<V>[] = [];
    this.#buckets.forEach((bucket, at) => {
      if (!bucket || (sameShape && bucket === before.#buckets[at])) return;
      for (const entry of bucket) if (before.get(entry[0]) !== entry[1]) changed.push(entry);
    });
    return changed;
  }

  #bucket(key: string): Bucket<V> | undefined {
    return this.#buckets[hash(key) & (this.#buckets.length - 1)];
  }
}

const EMPTY = PersistentMap.of<unknown>([]);

function bucketsFor(entries: number): number {
  let buckets = 4;
  while (buckets * ENTRIES_PER_BUCKET <= entries) buckets *= 2;
  return buckets;
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    value = Math.imul(value ^ key.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
