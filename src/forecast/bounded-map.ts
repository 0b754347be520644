/** A map that forgets the key least recently written once it holds `capacity` of them. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();

  constructor(
    readonly capacity: number,
    private readonly make: () => V,
  ) {}

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** The value to write to: made when new, and the last to be forgotten from now on. */
  touch(key: string): V {
    const value = this.#entries.get(key) ?? this.make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.capacity) this.#forgetOldest();
    return value;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries();
  }
}
