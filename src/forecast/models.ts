import { fitLinear, type LinearModel, linearCost } from './linear.js';
import type { Lesson, TrainingRows } from './training-rows.js';
import { type BinnedRows, binRows, type Rows } from './trees/bins.js';
import { type BoostedTrees, type BoostingPlan, type Loss, startBoosting } from './trees/boosting.js';
import { absoluteError, logLoss, squaredError } from './trees/losses.js';

/** The fitted models of one moment. */
export interface Models {
  /** When the last observation they learned from ended. */
  readonly bornMs: number;
  readonly linear: LinearModel;
  readonly medianTrees: BoostedTrees;
  readonly meanTrees: BoostedTrees;
  /** Undefined while nothing has ever failed. */
  readonly failureTrees: BoostedTrees | undefined;
}

/** Fewer rows than this teach a tree nothing that the medians do not know. */
const MIN_ROWS = 50;
/** Of 8 to 31 leaves, 60 to 200 trees, shares of 0.25 to 0.6: within noise of the best on each trace, and quick. */
const PLAN: Omit<BoostingPlan, 'loss'> = {
  trees: 60,
  learningRate: 0.13,
  maxLeaves: 15,
  minLeafRows: 20,
  shrinkage: 1,
  rowShare: 0.6,
  columnShare: 0.3,
};

/**
 * Fits all models, a step at a time: each yield says what the step cost in table look-ups, so that the caller can spread
 * the work over the observations that come in meanwhile. Returns undefined when there is too little to learn from.
 */
export function* fitModels(
  rows: TrainingRows,
  width: number,
  bornMs: number,
): Generator<number, Models | undefined> {
  const runtimes = rows.runtimes(width);
  if (runtimes.rows.count < MIN_ROWS) return undefined;
  const binned = binRows(runtimes.rows);
  yield binningCost(runtimes.rows);
  const linear = fitLinear(runtimes.rows, runtimes.targets, binned.distinct);
  yield linearCost(binned.count, binned.distinct.length);
  const medianTrees = yield* boost(runtimes, binned, absoluteError);
  const meanTrees = yield* boost(runtimes, binned, squaredError);
  const failures = rows.failures(width);
  const failureTrees = failures.targets.includes(1)
    ? yield* boost(failures, binRows(failures.rows), logLoss)
    : undefined;
  return { bornMs, linear, medianTrees, meanTrees, failureTrees };
}

function* boost(lesson: Lesson, binned: BinnedRows, loss: Loss): Generator<number, BoostedTrees> {
  const fit = startBoosting(binned, lesson.targets, { ...PLAN, loss }, 1);
  for (;;) {
    const model = fit.step();
    if (model !== undefined) return model;
    yield fit.stepCost;
  }
}

const binningCost = ({ count, width }: Rows): number => count * width * 8;
