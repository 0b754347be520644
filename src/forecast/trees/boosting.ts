import { seededRandom } from '../random.js';
import type { BinnedRows } from './bins.js';
import { type GrownTree, TreeGrower, type TreeLimits } from './grow.js';
import type { Sample } from './histogram.js';
import { addTreeValues, setLeaf, type Tree, treeValue } from './tree.js';

/** What boosting descends on: where to start, the gradients at some rows, and the best step for a leaf. */
export interface Loss {
  /** The best constant. */
  start(targets: Float64Array): number;
  /** Writes the negative gradient of the loss at each of a sample's rows beside it. */
  gradients(sample: Sample, targets: Float64Array, scores: Float64Array): void;
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

/** Begins gradient boosting (Friedman 2001) over binned rows in random order: a tree's sample is a run of them. */
export function startBoosting(
  rows: BinnedRows,
  targets: Float64Array,
  plan: BoostingPlan,
  seed: number,
): BoostingFit {
  const random = seededRandom(seed);
  const start = plan.loss.start(targets);
  const scores = new Float64Array(rows.count).fill(start);
  const size = Math.ceil(rows.count * plan.rowShare);
  const sample: Sample = { rows: new Int32Array(size), gradients: new Float64Array(size) };
  const grower = new TreeGrower(rows, plan);
  const trees: Tree[] = [];
  return {
    stepCost: costOf(plan, rows.count, rows.distinct.length),
    step() {
      const first = Math.floor(random() * rows.count);
      for (let i = 0; i < size; i += 1) sample.rows[i] = (first + i) % rows.count;
      plan.loss.gradients(sample, targets, scores);
      const grown = grower.grow(sample, sampleColumns(rows.distinct, plan.columnShare, random));
      for (const { node, rows: inside } of grown.leaves) {
        const value = plan.learningRate * plan.loss.leaf(inside, targets, scores);
        setLeaf(grown.tree, node, value);
        for (const row of inside) scores[row] = (scores[row] as number) + value;
      }
      addToOthers(grown, rows, first, size, scores);
      trees.push(grown.tree);
      return trees.length < plan.trees ? undefined : { start, trees };
    },
  };
}

/** Adds a tree's values to the rows outside its sample, which runs from `first` and begins again past the end. */
function addToOthers(
  { tree, cutBins }: GrownTree,
  rows: BinnedRows,
  first: number,
  size: number,
  scores: Float64Array,
): void {
  const past = first + size - rows.count;
  addTreeValues(tree, cutBins, rows, Math.max(0, past), first, scores);
  if (past < 0) addTreeValues(tree, cutBins, rows, first + size, rows.count, scores);
}

/** Each row is looked up once per column on its way down (halved by subtraction), each leaf scans its bins. */
function costOf(plan: BoostingPlan, rows: number, columns: number): number {
  const leaves = Math.min(plan.maxLeaves, rows / plan.minLeafRows);
  return (
    rows * (plan.rowShare * plan.columnShare * columns * 3 + 8) + leaves * plan.columnShare * columns * 300
  );
}

function sampleColumns(columns: readonly number[], share: number, random: () => number): readonly number[] {
  const chosen = columns.filter(() => random() < share);
  return chosen.length > 0 ? chosen : columns;
}
