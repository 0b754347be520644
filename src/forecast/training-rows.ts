import { seededRandom } from './random.js';
import type { Rows } from './trees/bins.js';

/** One observation as the models learn it. `target` is NaN where the attempt gave no runtime. */
export interface TrainingRow {
  readonly values: Float32Array;
  readonly target: number;
  readonly failed: boolean;
}

/** The latest rows, and an even sample of all earlier ones: the newest behaviour and the rare old case. */
export class TrainingRows {
  readonly #latest: TrainingRow[] = [];
  readonly #sample: TrainingRow[] = [];
  readonly #random = seededRandom(1);
  #next = 0;
  #retired = 0;

  constructor(readonly capacity: number) {}

  get count(): number {
    return this.#latest.length + this.#sample.length;
  }

  add(row: TrainingRow): void {
    const half = this.capacity / 2;
    const old = this.#latest[this.#next];
    this.#latest[this.#next] = row;
    this.#next = (this.#next + 1) % half;
    if (old !== undefined) this.#retire(old, half);
  }

  /** Reservoir sampling (Vitter 1985, algorithm R). */
  #retire(row: TrainingRow, room: number): void {
    this.#retired += 1;
    if (this.#sample.length < room) this.#sample.push(row);
    else {
      const at = Math.floor(this.#random() * this.#retired);
      if (at < room) this.#sample[at] = row;
    }
  }

  /** The rows that `keep` accepts, side by side, `width` columns each, with their targets. */
  select(
    width: number,
    keep: (row: TrainingRow) => boolean,
    target: (row: TrainingRow) => number,
  ): [Rows, Float64Array] {
    const kept = [...this.#sample, ...this.#latest].filter(keep);
    const values = new Float32Array(kept.length * width).fill(Number.NaN);
    kept.forEach((row, i) => {
      values.set(row.values.subarray(0, width), i * width);
    });
    return [{ count: kept.length, width, values }, Float64Array.from(kept, target)];
  }
}
