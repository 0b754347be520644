import { BoundedMap } from './bounded-map.js';
import type { Case } from './case.js';
import { type KeyFacts, KeyHistory, NOTHING_KNOWN, type Settled } from './history.js';

/** Columns of a row at most. Features past it are ignored: a forecast's cost must not grow with what users send. */
export const MAX_COLUMNS = 96;
/** Keys remembered: of the hierarchy, and of single categories and exact repetitions (which may be a million texts). */
const KEYS = 20_000;

/** A case as the models see it; valid until the next is encoded. */
export interface Encoded {
  /** One number per column, NaN where unknown. */
  readonly values: Float32Array;
  /** What was known of: exact repetitions, each key from the most specific, all work. */
  readonly known: readonly KeyFacts[];
}

/** The numbers that a key's history puts into a row. */
const OF_KEY = [
  (facts: KeyFacts) => Math.log1p(facts.count),
  (facts: KeyFacts) => facts.median,
  (facts: KeyFacts) => facts.last,
  (facts: KeyFacts) => facts.fast,
  (facts: KeyFacts) => facts.slow,
  (facts: KeyFacts) => facts.spread,
  (facts: KeyFacts) => facts.failures,
  (facts: KeyFacts) => facts.recentFailures,
];
/** The numbers that a category's history puts into a row: ordered target statistics (CatBoost, Prokhorenkova 2018). */
const OF_CATEGORY = [
  (facts: KeyFacts) => Math.log1p(facts.attempts),
  (facts: KeyFacts) => facts.slow,
  (facts: KeyFacts) => facts.fast,
  (facts: KeyFacts) => facts.failures,
];

/** Turns cases into rows of numbers, from the histories of the names that they go by. */
export class Encoder {
  readonly #columns = new Map<string, number>();
  readonly #hierarchy = new BoundedMap(KEYS, () => new KeyHistory());
  readonly #details = new BoundedMap(KEYS, () => new KeyHistory());
  readonly #everything = new KeyHistory();
  readonly #row = new Float32Array(MAX_COLUMNS);
  #width = 0;

  /** Columns in use; those of a row beyond it are NaN. */
  get width(): number {
    return this.#width;
  }

  /**
   * The case as it looked at a moment; `Infinity` for now. The widest level comes first: of columns that are the same
   * (one pipeline, one pool) the models take the first, and the widest says something of a new pipeline too.
   */
  encode(of: Case, atMs: number): Encoded {
    const values = this.#row.fill(Number.NaN);
    const known = [
      this.#details.get(of.fingerprint)?.asOf(atMs) ?? NOTHING_KNOWN,
      ...of.keys.map((key) => this.#hierarchy.get(key)?.asOf(atMs) ?? NOTHING_KNOWN),
      this.#everything.asOf(atMs),
    ];
    for (let level = known.length - 1; level >= 0; level -= 1) {
      this.#write(values, `level ${level}`, OF_KEY, known[level] ?? NOTHING_KNOWN);
    }
    for (const [name, value] of Object.entries(of.features)) {
      if (typeof value === 'number') {
        const column = this.#block(`number ${name}`, 1);
        if (column !== undefined) values[column] = value;
      } else {
        const facts = this.#details.get(category(name, value))?.asOf(atMs) ?? NOTHING_KNOWN;
        this.#write(values, `category ${name}`, OF_CATEGORY, facts);
      }
    }
    return { values, known };
  }

  /** Remembers how an attempt ended under every name it goes by. */
  learn(of: Case, settled: Settled): void {
    this.#details.touch(of.fingerprint).add(settled);
    for (const key of of.keys) this.#hierarchy.touch(key).add(settled);
    this.#everything.add(settled);
    for (const [name, value] of Object.entries(of.features)) {
      if (typeof value === 'string') this.#details.touch(category(name, value)).add(settled);
    }
  }

  /** The state to compare: every history as it stands now. */
  toJSON(): unknown {
    const facts = (map: BoundedMap<KeyHistory>) =>
      [...map.entries()].map(([key, history]) => [key, history.now]);
    return {
      columns: [...this.#columns],
      hierarchy: facts(this.#hierarchy),
      details: facts(this.#details),
      everything: this.#everything.now,
    };
  }

  #write(
    values: Float32Array,
    block: string,
    numbers: readonly ((f: KeyFacts) => number)[],
    facts: KeyFacts,
  ): void {
    const first = this.#block(block, numbers.length);
    if (first === undefined) return;
    for (let i = 0; i < numbers.length; i += 1) values[first + i] = numbers[i]?.(facts) ?? Number.NaN;
  }

  /** Where a block of columns begins; it is given its place when first met, undefined when the row is full. */
  #block(name: string, size: number): number | undefined {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (this.#width + size > MAX_COLUMNS) return undefined;
    const first = this.#width;
    this.#columns.set(name, first);
    this.#width += size;
    return first;
  }
}

const category = (name: string, value: string): string => `${name}=${value}`;
