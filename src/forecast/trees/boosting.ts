import { seededRandom } from '../random.js';
import type { BinnedRows } from './bins.js';
import {
  addTreeValues,
  growTree,
  Histograms,
  setLeaf,
  type Tree,
  type TreeLimits,
  treeValue,
} from './tree.js';

/** What boosting descends on: where to start, the gradient at a row, and the best step for a leaf. */
export interface Loss {
  /** The best constant. */
  start(targets: Float64Array): number;
  /** The negative gradient of the loss at one row. */
  gradient(target: number, score: number): number;
  /** The value that a leaf with these rows should add. */
  leaf(rows: Int32Array, targets: Float64Array, scores: Float64Array): number;
}

/** How a model is boosted. */
export interface BoostingPlan extends TreeLimits {
  readonly trees: number;
  readonly learningRate: number;
  /** The share of the rows, and of the columns, that each tree sees (stochastic boosting, Friedman 2002). */
  readonly rowShare: number;
  readonly columnShare: number;
  readonly loss: Loss;
}

/** A sum of trees. */
export interface BoostedTrees {
  readonly start: number;
  readonly trees: readonly Tree[];
}

/** The model's score for the row that starts at `offset`. */
export function boostedScore(model: BoostedTrees, values: Float32Array, offset = 0): number {
  let score = model.start;
  for (const tree of model.trees) score += treeValue(tree, values, offset);
  return score;
}

/** A fit in progress: one tree a step, so that learning can be spread over the observations that come in meanwhile. */
export interface BoostingFit {
  /** Grows one tree; the finished model after the last, else undefined. */
  step(): BoostedTrees | undefined;
  /** About how many table look-ups a step costs, the unit of the training budget. */
  readonly stepCost: number;
}

/** Begins gradient boosting (Friedman 2001) over binned rows. */
export function startBoosting(
  rows: BinnedRows,
  targets: Float64Array,
  plan: BoostingPlan,
  seed: number,
): BoostingFit {
  const random = seededRandom(seed);
  const start = plan.loss.start(targets);
  const scores = new Float64Array(rows.count).fill(start);
  const gradients = new Float64Array(rows.count);
  const useful = rows.columns.flatMap((column, index) => (column.cuts.length > 0 ? [index] : []));
  const trees: Tree[] = [];
  const histograms = new Histograms(rows.count, useful.length);
  return {
    stepCost: costOf(plan, rows.count, useful.length),
    step() {
      for (let row = 0; row < rows.count; row += 1) {
        gradients[row] = plan.loss.gradient(targets[row] as number, scores[row] as number);
      }
      const grown = growTree(
        rows,
        gradients,
        sampleRows(rows.count, plan.rowShare, random),
        sampleColumns(useful, plan.columnShare, random),
        plan,
        histograms,
      );
      for (const leaf of grown.leaves) {
        setLeaf(grown.tree, leaf.node, plan.learningRate * plan.loss.leaf(leaf.rows, targets, scores));
      }
      addTreeValues(grown, rows, scores);
      trees.push(grown.tree);
      return trees.length < plan.trees ? undefined : { start, trees };
    },
  };
}

/** Each row is looked up once per column on its way down (halved by subtraction), each leaf scans its bins. */
function costOf(plan: BoostingPlan, rows: number, columns: number): number {
  const leaves = Math.min(plan.maxLeaves, rows / plan.minLeafRows);
  return (
    rows * (plan.rowShare * plan.columnShare * columns * 3 + 8) + leaves * plan.columnShare * columns * 300
  );
}

function sampleRows(count: number, share: number, random: () => number): Int32Array {
  const rows = new Int32Array(count);
  let size = 0;
  for (let row = 0; row < count; row += 1) if (share >= 1 || random() < share) rows[size++] = row;
  return rows.subarray(0, size);
}

function sampleColumns(columns: readonly number[], share: number, random: () => number): number[] {
  const chosen = columns.filter(() => random() < share);
  return chosen.length > 0 ? chosen : [...columns];
}
