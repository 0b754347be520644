/** The image of one table: immutable rows by key, and a listener that keeps the indexes. */
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
    this.onChange(this.#rows.get(key), row);
    this.#rows.set(key, row);
  }

  delete(key: string): void {
    this.onChange(this.#rows.get(key), undefined);
    this.#rows.delete(key);
  }
}
