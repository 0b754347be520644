import { MAX_COLUMNS } from './encoder.js';
import { seededRandom } from './random.js';
import type { Rows } from './trees/bins.js';

/** One observation as the models learn it. */
export interface TrainingRow {
  readonly values: Float32Array;
  /** The log runtime, NaN where the attempt gave none. */
  readonly target: number;
  readonly failed: boolean;
}

/** Rows to fit on, with what is to be learned of each. */
export interface Lesson {
  readonly rows: Rows;
  readonly targets: Float64Array;
}

/** The latest rows, and an even sample of all earlier ones: the newest behaviour and the rare old case. */
export class TrainingRows {
  /** Flat, since thousands of small typed arrays cost the garbage collector more than the fits; grown as needed. */
  #values = new Float32Array(1024 * MAX_COLUMNS);
  readonly #targets: number[] = [];
  readonly #failed: boolean[] = [];
  readonly #random = seededRandom(1);
  readonly #half: number;
  #seen = 0;

  /** Places [0, capacity / 2) hold the latest rows in turn, the rest the sample. */
  constructor(readonly capacity: number) {
    this.#half = capacity / 2;
  }

  add(row: TrainingRow): void {
    const place = this.#seen % this.#half;
    if (this.#seen >= this.#half) this.#retire(place);
    this.#seen += 1;
    this.#write(place, row.values, row.target, row.failed);
  }

  /** The runtimes: of the rows that have one. */
  runtimes(width: number): Lesson {
    return this.#select(
      width,
      (place) => !Number.isNaN(this.#targets[place]),
      (place) => this.#targets[place] ?? 0,
    );
  }

  /** Whether it failed, 1 or 0: of every row. */
  failures(width: number): Lesson {
    return this.#select(
      width,
      () => true,
      (place) => (this.#failed[place] ? 1 : 0),
    );
  }

  /** Reservoir sampling of what is no longer among the latest (Vitter 1985, algorithm R). */
  #retire(from: number): void {
    const retired = this.#seen - this.#half;
    const at = retired < this.#half ? retired : Math.floor(this.#random() * (retired + 1));
    if (at >= this.#half) return;
    const values = this.#values.subarray(from * MAX_COLUMNS, (from + 1) * MAX_COLUMNS);
    this.#write(this.#half + at, values, this.#targets[from] as number, this.#failed[from] as boolean);
  }

  #write(place: number, values: Float32Array, target: number, failed: boolean): void {
    if ((place + 1) * MAX_COLUMNS > this.#values.length) {
      const grown = new Float32Array(Math.min(this.capacity, 2 * (place + 1)) * MAX_COLUMNS);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(values, place * MAX_COLUMNS);
    this.#targets[place] = target;
    this.#failed[place] = failed;
  }

  /** In random order, so that any run of rows is a fair sample. */
  #select(width: number, keep: (place: number) => boolean, target: (place: number) => number): Lesson {
    const kept = new Int32Array(this.#targets.length);
    let count = 0;
    for (let place = 0; place < kept.length; place += 1) if (keep(place)) kept[count++] = place;
    const places = shuffle(kept.subarray(0, count));
    const values = new Float32Array(count * width);
    const targets = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      const place = places[i] as number;
      const from = place * MAX_COLUMNS;
      values.set(this.#values.subarray(from, from + width), i * width);
      targets[i] = target(place);
    }
    return { rows: { count, width, values }, targets };
  }
}

/** Fisher and Yates in place, with the same seed each time. */
function shuffle(places: Int32Array): Int32Array {
  const random = seededRandom(1);
  for (let i = places.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const place = places[i] as number;
    places[i] = places[j] as number;
    places[j] = place;
  }
  return places;
}
