import type { BinnedRows } from './bins.js';

/**
 * A regression tree: four numbers a node, side by side so that a step down touches one cache line. The column that it
 * splits on (-1 for a leaf), the threshold (values up to it, and missing ones, go left), the left child (the right one
 * follows it), and what a leaf adds to the forecast. Node 0 is the root.
 */
export type Tree = Float64Array;

const NODE = 4;
const COLUMN = 0;
const THRESHOLD = 1;
const LEFT = 2;
const VALUE = 3;

/** What a tree says of the row that starts at `offset` of `values`. */
export function treeValue(tree: Tree, values: Float32Array, offset: number): number {
  let at = 0;
  for (let column = tree[COLUMN] as number; column >= 0; column = tree[at] as number) {
    const right = (values[offset + column] as number) > (tree[at + THRESHOLD] as number) ? 1 : 0;
    at = NODE * ((tree[at + LEFT] as number) + right);
  }
  return tree[at + VALUE] as number;
}

/** Sets what a leaf adds. */
export function setLeaf(tree: Tree, node: number, value: number): void {
  tree[NODE * node + VALUE] = value;
}

/** Adds what a grown tree says of every row it was (or might have been) grown on: bins fit the cache, values do not. */
export function addTreeValues(grown: GrownTree, data: BinnedRows, scores: Float64Array): void {
  const { tree, cutBins } = grown;
  const nodes = tree.length / NODE;
  const bins = Array.from(
    { length: nodes },
    (_, node) => data.columns[tree[NODE * node] as number]?.bins ?? NO_BINS,
  );
  for (let row = 0; row < data.count; row += 1) {
    let node = 0;
    while ((tree[NODE * node] as number) >= 0) {
      const right = ((bins[node] as Uint8Array)[row] as number) > (cutBins[node] as number) ? 1 : 0;
      node = (tree[NODE * node + LEFT] as number) + right;
    }
    scores[row] = (scores[row] as number) + (tree[NODE * node + VALUE] as number);
  }
}

const NO_BINS = new Uint8Array(0);

/** How large a tree may grow. */
export interface TreeLimits {
  readonly maxLeaves: number;
  readonly minLeafRows: number;
  /** Pulls small leaves towards zero: this many imaginary rows of gradient 0 in each. */
  readonly shrinkage: number;
}

/** A grown tree, the bin that each of its nodes splits after, and which of the given rows fell into each leaf. */
export interface GrownTree {
  readonly tree: Tree;
  readonly cutBins: Uint8Array;
  readonly leaves: readonly { readonly node: number; readonly rows: Int32Array }[];
}

interface Split {
  readonly gain: number;
  readonly column: number;
  readonly bin: number;
}

interface OpenLeaf {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly histogram: Histogram;
  readonly split: Split | undefined;
}

/** Per column and bin, side by side: the sum of gradients and the number of rows. */
type Histogram = Float64Array;

/** Histograms to use again: a fresh one for each of a million leaves kept the garbage collector busy. */
export class Histograms {
  readonly #free: Histogram[] = [];
  readonly gathered: Float64Array;

  constructor(
    readonly rows: number,
    readonly columns: number,
  ) {
    this.gathered = new Float64Array(rows);
  }

  /** One filled with zeros. */
  take(): Histogram {
    return this.#free.pop()?.fill(0) ?? new Float64Array(this.columns * STRIDE);
  }

  give(histogram: Histogram): void {
    this.#free.push(histogram);
  }
}

/** Two numbers for each of 64 bins and the bin of the missing. */
const STRIDE = 2 * 65;

/**
 * Grows a tree leaf by leaf, the split of greatest gain first, from gradient histograms (LightGBM, Ke et al. 2017).
 * `rows` is reordered in place; the leaves' values are left at zero for the loss to set.
 */
export function growTree(
  data: BinnedRows,
  gradients: Float64Array,
  rows: Int32Array,
  columns: readonly number[],
  limits: TreeLimits,
  histograms: Histograms,
): GrownTree {
  const size = limits.maxLeaves * 2 - 1;
  const tree = new Float64Array(NODE * size);
  for (let node = 0; node < size; node += 1) tree[NODE * node] = -1;
  const cutBins = new Uint8Array(size);
  const open = (node: number, from: number, to: number, histogram: Histogram): OpenLeaf => ({
    node,
    from,
    to,
    histogram,
    split: to - from >= 2 * limits.minLeafRows ? bestSplit(data, histogram, columns, limits) : undefined,
  });
  let leaves = [open(0, 0, rows.length, histogramOf(data, gradients, rows, columns, histograms))];
  let nodes = 1;
  while (leaves.length < limits.maxLeaves) {
    const leaf = mostGain(leaves);
    if (leaf?.split === undefined) break;
    const { column, bin } = leaf.split;
    const middle = partition(rows, leaf.from, leaf.to, data.columns[column]?.bins as Uint8Array, bin);
    const [leftSums, rightSums] = childHistograms(data, gradients, rows, columns, leaf, middle, histograms);
    const threshold = bin === 0 ? Number.NEGATIVE_INFINITY : data.columns[column]?.cuts[bin - 1];
    tree.set([column, threshold as number, nodes], NODE * leaf.node);
    cutBins[leaf.node] = bin;
    leaves = leaves.filter((other) => other !== leaf);
    leaves.push(open(nodes, leaf.from, middle, leftSums), open(nodes + 1, middle, leaf.to, rightSums));
    nodes += 2;
  }
  for (const leaf of leaves) histograms.give(leaf.histogram);
  return {
    tree: tree.slice(0, NODE * nodes),
    cutBins,
    leaves: leaves.map((leaf) => ({ node: leaf.node, rows: rows.subarray(leaf.from, leaf.to) })),
  };
}

function mostGain(leaves: readonly OpenLeaf[]): OpenLeaf | undefined {
  let best: OpenLeaf | undefined;
  for (const leaf of leaves) {
    if (leaf.split !== undefined && leaf.split.gain > (best?.split?.gain ?? 0)) best = leaf;
  }
  return best;
}

function histogramOf(
  data: BinnedRows,
  gradients: Float64Array,
  rows: Int32Array,
  columns: readonly number[],
  histograms: Histograms,
): Histogram {
  const histogram = histograms.take();
  const { gathered } = histograms;
  for (let i = 0; i < rows.length; i += 1) gathered[i] = gradients[rows[i] as number] as number;
  for (let c = 0; c < columns.length; c += 1) {
    const bins = data.columns[columns[c] as number]?.bins as Uint8Array;
    const base = c * STRIDE;
    for (let i = 0; i < rows.length; i += 1) {
      const at = base + (bins[rows[i] as number] as number) * 2;
      histogram[at] = (histogram[at] as number) + (gathered[i] as number);
      histogram[at + 1] = (histogram[at + 1] as number) + 1;
    }
  }
  return histogram;
}

/** Counts the smaller child and subtracts it from the parent for the larger: half the work. */
function childHistograms(
  data: BinnedRows,
  gradients: Float64Array,
  rows: Int32Array,
  columns: readonly number[],
  leaf: OpenLeaf,
  middle: number,
  histograms: Histograms,
): [Histogram, Histogram] {
  const leftIsSmaller = middle - leaf.from <= leaf.to - middle;
  const [from, to] = leftIsSmaller ? [leaf.from, middle] : [middle, leaf.to];
  const smaller = histogramOf(data, gradients, rows.subarray(from, to), columns, histograms);
  const larger = leaf.histogram;
  for (let i = 0; i < larger.length; i += 1) larger[i] = (larger[i] as number) - (smaller[i] as number);
  return leftIsSmaller ? [smaller, larger] : [larger, smaller];
}

function bestSplit(
  data: BinnedRows,
  histogram: Histogram,
  columns: readonly number[],
  limits: TreeLimits,
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
  limits: TreeLimits,
): Split | undefined {
  let sum = 0;
  let count = 0;
  for (let bin = 0; bin <= cuts + 1; bin += 1) {
    sum += histogram[base + 2 * bin] as number;
    count += histogram[base + 2 * bin + 1] as number;
  }
  const { minLeafRows, shrinkage } = limits;
  const whole = (sum * sum) / (count + shrinkage);
  let best: Split | undefined;
  let leftSum = 0;
  let leftCount = 0;
  for (let bin = 0; bin <= cuts; bin += 1) {
    leftSum += histogram[base + 2 * bin] as number;
    leftCount += histogram[base + 2 * bin + 1] as number;
    const rightCount = count - leftCount;
    if (leftCount < minLeafRows) continue;
    if (rightCount < minLeafRows) break;
    const rightSum = sum - leftSum;
    const gain =
      (leftSum * leftSum) / (leftCount + shrinkage) +
      (rightSum * rightSum) / (rightCount + shrinkage) -
      whole;
    if (gain > (best?.gain ?? 0)) best = { gain, column, bin };
  }
  return best;
}

/** Moves the rows whose bin is at most `bin` to the front of [from, to); returns where the rest begins. */
function partition(rows: Int32Array, from: number, to: number, bins: Uint8Array, bin: number): number {
  let left = from;
  let right = to - 1;
  while (left <= right) {
    const row = rows[left] as number;
    if ((bins[row] as number) <= bin) left += 1;
    else {
      rows[left] = rows[right] as number;
      rows[right] = row;
      right -= 1;
    }
  }
  return left;
}
