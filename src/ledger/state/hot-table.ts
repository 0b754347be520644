/** The image of one table: immutable rows by key, and a listener that keeps the indexes, told once the row is in place. */
export class HotTable<Row> {
  readonly #rows = new Map<string, Row>();

  constructor(
    readonly keyOf: (row: Row) => string,
    private readonly onChange: (before: Row | undefined, after: Row | undefined) => void,
  ) {}

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  set(row: Row): void {
    const key = this.keyOf(row);
    const before = this.#rows.get(key);
    this.#rows.set(key, row);
    this.onChange(before, row);
  }

  delete(key: string): void {
    const before = this.#rows.get(key);
    this.#rows.delete(key);
    this.onChange(before, undefined);
  }
}
