import type { BinnedRows } from './bins.js';
import {
  bestSplit,
  type Histogram,
  Histograms,
  type Sample,
  type Split,
  type SplitLimits,
  subtract,
} from './histogram.js';
import { firstNodes, newTree, setSplit, type Tree } from './tree.js';

/** How large a tree may grow. */
export interface TreeLimits extends SplitLimits {
  readonly maxLeaves: number;
}

/** A grown tree, the bin that each of its nodes splits after, and which of the sample's rows fell into each leaf. */
export interface GrownTree {
  readonly tree: Tree;
  readonly cutBins: Uint8Array;
  readonly leaves: readonly { readonly node: number; readonly rows: Int32Array }[];
}

interface OpenLeaf {
  readonly node: number;
  /** Its rows: places [from, to) of the sample. */
  readonly from: number;
  readonly to: number;
  readonly histogram: Histogram;
  readonly split: Split | undefined;
}

/** Grows trees over the same rows, one after another. */
export class TreeGrower {
  readonly #histograms: Histograms;

  constructor(
    private readonly data: BinnedRows,
    private readonly limits: TreeLimits,
  ) {
    this.#histograms = new Histograms(data.distinct.length);
  }

  /**
   * Grows a tree leaf by leaf, the split of greatest gain first, from gradient histograms (LightGBM, Ke et al. 2017).
   * The sample is reordered in place; the leaves' values are left at zero for the loss to set.
   */
  grow(sample: Sample, columns: readonly number[]): GrownTree {
    const { data, limits } = this;
    const tree = newTree(limits.maxLeaves * 2 - 1);
    const cutBins = new Uint8Array(limits.maxLeaves * 2 - 1);
    const all = sample.rows.length;
    const leaves = [this.#open(0, 0, all, this.#histograms.gather(data, columns, sample, 0, all), columns)];
    let nodes = 1;
    while (leaves.length < limits.maxLeaves) {
      const at = mostGain(leaves);
      const leaf = leaves[at];
      if (leaf?.split === undefined) break;
      const { column, bin } = leaf.split;
      const { bins, cuts } = data.columns[column] as BinnedRows['columns'][number];
      const middle = partition(sample, leaf.from, leaf.to, bins, bin);
      setSplit(
        tree,
        leaf.node,
        column,
        bin === 0 ? Number.NEGATIVE_INFINITY : (cuts[bin - 1] as number),
        nodes,
      );
      cutBins[leaf.node] = bin;
      leaves.splice(at, 1, ...this.#children(leaf, middle, nodes, sample, columns));
      nodes += 2;
    }
    for (const leaf of leaves) this.#histograms.give(leaf.histogram);
    return {
      tree: firstNodes(tree, nodes),
      cutBins,
      leaves: leaves.map(({ node, from, to }) => ({ node, rows: sample.rows.subarray(from, to) })),
    };
  }

  /** Counts the smaller child and subtracts it from the parent for the larger: half the work. */
  #children(
    leaf: OpenLeaf,
    middle: number,
    node: number,
    sample: Sample,
    columns: readonly number[],
  ): OpenLeaf[] {
    const { from, to, histogram: larger } = leaf;
    const leftIsSmaller = middle - from <= to - middle;
    const [start, end] = leftIsSmaller ? [from, middle] : [middle, to];
    const smaller = this.#histograms.gather(this.data, columns, sample, start, end);
    subtract(larger, smaller, columns.length);
    const [left, right] = leftIsSmaller ? [smaller, larger] : [larger, smaller];
    return [this.#open(node, from, middle, left, columns), this.#open(node + 1, middle, to, right, columns)];
  }

  #open(node: number, from: number, to: number, histogram: Histogram, columns: readonly number[]): OpenLeaf {
    const large = to - from >= 2 * this.limits.minLeafRows;
    const split = large ? bestSplit(this.data, histogram, columns, this.limits) : undefined;
    return { node, from, to, histogram, split };
  }
}

/** Which leaf to split next; -1 for none. */
function mostGain(leaves: readonly OpenLeaf[]): number {
  let best = -1;
  let gain = 0;
  leaves.forEach(({ split }, i) => {
    if (split === undefined || split.gain <= gain) return;
    gain = split.gain;
    best = i;
  });
  return best;
}

/** Moves the rows whose bin is at most `bin` to the front of [from, to); returns where the rest begins. */
function partition(
  { rows, gradients }: Sample,
  from: number,
  to: number,
  bins: Uint8Array,
  bin: number,
): number {
  let left = from;
  let right = to - 1;
  while (left <= right) {
    const row = rows[left] as number;
    if ((bins[row] as number) <= bin) left += 1;
    else {
      const gradient = gradients[left] as number;
      rows[left] = rows[right] as number;
      gradients[left] = gradients[right] as number;
      rows[right] = row;
      gradients[right] = gradient;
      right -= 1;
    }
  }
  return left;
}
