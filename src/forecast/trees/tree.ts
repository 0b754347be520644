import type { BinnedRows } from './bins.js';

/**
 * A regression tree: four numbers a node, side by side so that a step down touches one cache line, and in single
 * precision as the rows are, so that two models of a hundred trees fit a second-level cache. The column that it
 * splits on (-1 for a leaf), the threshold (values up to it, and missing ones, go left), the left child (the right one
 * follows it), and what a leaf adds to the forecast. Node 0 is the root.
 */
export type Tree = Float32Array;

const NODE = 4;
const COLUMN = 0;
const THRESHOLD = 1;
const LEFT = 2;
const VALUE = 3;

/** A tree of this many nodes, all leaves that add nothing. */
export function newTree(nodes: number): Tree {
  const tree = new Float32Array(NODE * nodes);
  for (let node = 0; node < nodes; node += 1) tree[NODE * node] = -1;
  return tree;
}

/** The first nodes of a tree. */
export const firstNodes = (tree: Tree, nodes: number): Tree => tree.slice(0, NODE * nodes);

/** What a tree says of the row that starts at `offset` of `values`. */
export function treeValue(tree: Tree, values: Float32Array, offset: number): number {
  let at = 0;
  for (let column = tree[COLUMN] as number; column >= 0; column = tree[at] as number) {
    const right = (values[offset + column] as number) > (tree[at + THRESHOLD] as number) ? 1 : 0;
    at = NODE * ((tree[at + LEFT] as number) + right);
  }
  return tree[at + VALUE] as number;
}

/** Makes a leaf a split, whose children are `left` and the node after it. */
export function setSplit(tree: Tree, node: number, column: number, threshold: number, left: number): void {
  tree[NODE * node + COLUMN] = column;
  tree[NODE * node + THRESHOLD] = threshold;
  tree[NODE * node + LEFT] = left;
}

/** Sets what a leaf adds. */
export function setLeaf(tree: Tree, node: number, value: number): void {
  tree[NODE * node + VALUE] = value;
}

/** Adds what a tree says of the binned rows [from, to): bins fit the cache, values do not. */
export function addTreeValues(
  tree: Tree,
  cutBins: Uint8Array,
  data: BinnedRows,
  from: number,
  to: number,
  scores: Float64Array,
): void {
  const nodes = tree.length / NODE;
  const lefts = Int32Array.from({ length: nodes }, (_, node) => tree[NODE * node + LEFT] as number);
  const bins = Array.from(
    { length: nodes },
    (_, node) => data.columns[tree[NODE * node] as number]?.bins ?? NO_BINS,
  );
  for (let row = from; row < to; row += 1) {
    let node = 0;
    for (let left = lefts[0] as number; left > 0; left = lefts[node] as number) {
      node = ((bins[node] as Uint8Array)[row] as number) > (cutBins[node] as number) ? left + 1 : left;
    }
    scores[row] = (scores[row] as number) + (tree[NODE * node + VALUE] as number);
  }
}

const NO_BINS = new Uint8Array(0);
