import type { BinnedRows } from './bins.js';

/** Per column and bin, side by side: the sum of gradients and the number of rows. */
export type Histogram = Float64Array;

/** Two numbers for each of 64 bins and the bin of the missing. */
const STRIDE = 2 * 65;

/** Histograms to use again: a fresh one for each of a million leaves kept the garbage collector busy. */
export class Histograms {
  readonly #free: Histogram[] = [];

  constructor(private readonly columns: number) {}

  /** The gradients of the rows at places [from, to), per bin of each of these columns. */
  gather(data: BinnedRows, columns: readonly number[], sample: Sample, from: number, to: number): Histogram {
    const histogram = this.#free.pop()?.fill(0) ?? new Float64Array(this.columns * STRIDE);
    columns.forEach((column, c) => {
      addColumn(histogram, c * STRIDE, data.columns[column]?.bins as Uint8Array, sample, from, to);
    });
    return histogram;
  }

  give(histogram: Histogram): void {
    this.#free.push(histogram);
  }
}

/** The rows that a tree sees, and beside each its gradient; both are reordered as the tree grows. */
export interface Sample {
  readonly rows: Int32Array;
  readonly gradients: Float64Array;
}

function addColumn(
  histogram: Histogram,
  base: number,
  bins: Uint8Array,
  { rows, gradients }: Sample,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i += 1) {
    const at = base + 2 * (bins[rows[i] as number] as number);
    histogram[at] = (histogram[at] as number) + (gradients[i] as number);
    histogram[at + 1] = (histogram[at + 1] as number) + 1;
  }
}

/** Leaves of the first histogram what the second does not hold: the sibling without counting it. */
export function subtract(from: Histogram, histogram: Histogram, columns: number): void {
  for (let i = 0; i < columns * STRIDE; i += 1) {
    from[i] = (from[i] as number) - (histogram[i] as number);
  }
}

/** Where to split: rows whose bin of the column is at most `bin` go left. */
export interface Split {
  readonly gain: number;
  readonly column: number;
  readonly bin: number;
}

/** What a split must leave on each side, and how far small sides are pulled towards zero. */
export interface SplitLimits {
  readonly minLeafRows: number;
  /** This many imaginary rows of gradient 0 in each leaf. */
  readonly shrinkage: number;
}

/** The split of greatest gain among these columns; undefined where none gains anything. */
export function bestSplit(
  data: BinnedRows,
  histogram: Histogram,
  columns: readonly number[],
  limits: SplitLimits,
): Split | undefined {
  let best: Split | undefined;
  for (let c = 0; c < columns.length; c += 1) {
    const column = columns[c] as number;
    const split = bestCut(histogram, c * STRIDE, data.columns[column]?.cuts.length ?? 0, column, limits);
    if (split !== undefined && split.gain > (best?.gain ?? 1e-9)) best = split;
  }
  return best;
}

function bestCut(
  histogram: Histogram,
  base: number,
  cuts: number,
  column: number,
  { minLeafRows, shrinkage }: SplitLimits,
): Split | undefined {
  let sum = 0;
  let count = 0;
  for (let bin = 0; bin <= cuts + 1; bin += 1) {
    sum += histogram[base + 2 * bin] as number;
    count += histogram[base + 2 * bin + 1] as number;
  }
  const whole = (sum * sum) / (count + shrinkage);
  let gain = 0;
  let at = -1;
  let leftSum = 0;
  let leftCount = 0;
  for (let bin = 0; bin <= cuts; bin += 1) {
    leftSum += histogram[base + 2 * bin] as number;
    leftCount += histogram[base + 2 * bin + 1] as number;
    if (leftCount < minLeafRows) continue;
    const rightCount = count - leftCount;
    if (rightCount < minLeafRows) break;
    const rightSum = sum - leftSum;
    const gained =
      (leftSum * leftSum) / (leftCount + shrinkage) +
      (rightSum * rightSum) / (rightCount + shrinkage) -
      whole;
    if (gained <= gain) continue;
    gain = gained;
    at = bin;
  }
  return at < 0 ? undefined : { gain, column, bin: at };
}
