/** Enough for a split every 1.6% of the rows; 256 bins gained nothing on the traces and cost a third more time. */
const MAX_BINS = 64;
/** Cut points are taken from at most this many evenly spaced rows. */
const SAMPLE_ROWS = 4096;

/** Rows of numbers (NaN where missing), stored flat: row r holds `values[r * width]` to `values[(r + 1) * width - 1]`. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Rows as small integers, one array per column. Bin 0 is "missing"; bin b > 0 holds values up to `cuts[b - 1]`. */
export interface BinnedRows {
  readonly count: number;
  readonly columns: readonly BinnedColumn[];
  /** The columns to learn from: those that vary, without those that say the same as one before. */
  readonly distinct: readonly number[];
}

/** One column: where its bins end, and the bin of every row. */
export interface BinnedColumn {
  /** In single precision as the values are, so that a tree can hold them as they are. */
  readonly cuts: Float32Array;
  readonly bins: Uint8Array;
}

/** Sorts every column's values into at most 64 bins of about equal weight (as LightGBM does, Ke et al. 2017). */
export function binRows(rows: Rows): BinnedRows {
  const columns: BinnedColumn[] = [];
  const distinct: number[] = [];
  for (let column = 0; column < rows.width; column += 1) {
    const twin = distinct.find((other) => areSame(rows, other, column));
    columns.push(columns[twin ?? -1] ?? binColumn(rows, column));
    if (twin === undefined && (columns[column]?.cuts.length ?? 0) > 0) distinct.push(column);
  }
  return { count: rows.count, columns, distinct };
}

/** With one pipeline of one task, its wider levels, its name and its tenant are all the same history: half the columns. */
function areSame({ count, width, values }: Rows, a: number, b: number): boolean {
  for (let row = 0; row < count; row += 1) {
    const [left, right] = [values[row * width + a] as number, values[row * width + b] as number];
    if (left !== right && !(Number.isNaN(left) && Number.isNaN(right))) return false;
  }
  return true;
}

function binColumn(rows: Rows, column: number): BinnedColumn {
  const cuts = cutPoints(sampleColumn(rows, column));
  const bins = new Uint8Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) {
    bins[row] = binOf(cuts, rows.values[row * rows.width + column] as number);
  }
  return { cuts, bins };
}

function sampleColumn(rows: Rows, column: number): Float32Array {
  const stride = Math.max(1, Math.floor(rows.count / SAMPLE_ROWS));
  const sample = new Float32Array(Math.ceil(rows.count / stride));
  let size = 0;
  for (let row = 0; row < rows.count; row += stride) {
    const value = rows.values[row * rows.width + column] as number;
    if (!Number.isNaN(value)) sample[size++] = value;
  }
  return sample.subarray(0, size).sort();
}

/** The upper ends of the bins: midway between neighbouring quantiles, so that unseen values fall to the nearer side. */
function cutPoints(sorted: Float32Array): Float32Array {
  const cuts: number[] = [];
  for (let i = 1; i < MAX_BINS; i += 1) {
    const at = Math.floor((sorted.length * i) / MAX_BINS);
    const [below, above] = [sorted[at - 1], sorted[at]];
    if (below === undefined || above === undefined || below === above) continue;
    const cut = midway(below, above);
    if (cut !== cuts.at(-1)) cuts.push(cut);
  }
  return Float32Array.from(distinctCuts(sorted, cuts));
}

/** Columns of few values get a cut between each two of them: quantiles alone would miss the rare ones. */
function distinctCuts(sorted: Float32Array, quantileCuts: number[]): number[] {
  const cuts: number[] = [];
  for (let i = 1; i < sorted.length; i += 1) {
    const [below, above] = [sorted[i - 1] as number, sorted[i] as number];
    if (below !== above) cuts.push(midway(below, above));
    if (cuts.length >= MAX_BINS) return quantileCuts;
  }
  return cuts;
}

/** Single precision may have nothing between two values, or round up to the upper one, which must stay above. */
function midway(below: number, above: number): number {
  const cut = Math.fround(below + (above - below) / 2);
  return cut < above ? cut : below;
}

function binOf(cuts: Float32Array, value: number): number {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (cuts[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}
