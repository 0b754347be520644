import type { Loss } from './boosting.js';

/** The mean: squared error. */
export const squaredError: Loss = {
  start: mean,
  gradient: (target, score) => target - score,
  leaf(rows, targets, scores) {
    let sum = 0;
    for (const row of rows) sum += (targets[row] as number) - (scores[row] as number);
    return sum / (rows.length + 1);
  },
};

/** The median: absolute error, each leaf stepping to its rows' median residual (Friedman 2001, LAD TreeBoost). */
export const absoluteError: Loss = {
  start: (targets) => medianOf(Float64Array.from(targets)),
  gradient: (target, score) => Math.sign(target - score),
  leaf(rows, targets, scores) {
    const residuals = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      residuals[i] = (targets[row] as number) - (scores[row] as number);
    }
    return medianOf(residuals);
  },
};

/** A probability on the logit scale: targets are 0 or 1, each leaf takes one Newton step (Friedman 2001). */
export const logLoss: Loss = {
  start(targets) {
    const rate = (mean(targets) * targets.length + 0.5) / (targets.length + 1);
    return Math.log(rate / (1 - rate));
  },
  gradient: (target, score) => target - sigmoid(score),
  leaf(rows, targets, scores) {
    let gradient = 0;
    let curvature = 0;
    for (const row of rows) {
      const p = sigmoid(scores[row] as number);
      gradient += (targets[row] as number) - p;
      curvature += p * (1 - p);
    }
    return gradient / (curvature + 1);
  },
};

/** The probability of a logit. */
export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

function medianOf(values: Float64Array): number {
  const sorted = values.sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}
