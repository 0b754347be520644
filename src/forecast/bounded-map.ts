/**
 * A map of bounded size that forgets what has not been written for longest, in two generations: when the young one is
 * full it becomes the old one, and what the old one still held is forgotten. (Re-inserting every key at the end of one
 * Map, as caches often do, leaves holes that finding the oldest key must skip: 0.1 ms an observation at 20,000 keys.)
 */
export class BoundedMap<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** Holds the latest `capacity / 2` keys at least, `capacity` at most. */
  constructor(
    private readonly capacity: number,
    private readonly make: () => V,
  ) {}

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** The value to write to: made when new. */
  touch(key: string): V {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const value = this.#old.get(key) ?? this.make();
    if (this.#young.size >= this.capacity / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }

  /** All that it holds, in an order that depends on the writes alone. */
  *entries(): Generator<[string, V]> {
    yield* this.#young;
    for (const entry of this.#old) if (!this.#young.has(entry[0])) yield entry;
  }
}
