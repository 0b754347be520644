import type { Loss } from './boosting.js';

/** The mean: squared error. */
export const squaredError: Loss = {
  start: mean,
  gradients({ rows, gradients }, targets, scores) {
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      gradients[i] = (targets[row] as number) - (scores[row] as number);
    }
  },
  leaf(rows, targets, scores) {
    let sum = 0;
    for (const row of rows) sum += (targets[row] as number) - (scores[row] as number);
    return sum / (rows.length + 1);
  },
};

/** The median: absolute error, each leaf stepping to its rows' median residual (Friedman 2001, LAD TreeBoost). */
export const absoluteError: Loss = {
  start: (targets) => medianOf(Float64Array.from(targets)),
  gradients({ rows, gradients }, targets, scores) {
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      gradients[i] = Math.sign((targets[row] as number) - (scores[row] as number));
    }
  },
  leaf(rows, targets, scores) {
    const residuals = scratch(rows.length);
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
  gradients({ rows, gradients }, targets, scores) {
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      gradients[i] = (targets[row] as number) - sigmoid(scores[row] as number);
    }
  },
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

/** A place for numbers, used again at every call: each of a million leaves would ask for a fresh one. */
function scratch(length: number): Float64Array {
  if (length > room.length) room = new Float64Array(2 * length);
  return room.subarray(0, length);
}
let room = new Float64Array(0);

/** The median of numbers that are reordered in place; the upper one of an even count is the least above it. */
function medianOf(values: Float64Array): number {
  const { length } = values;
  if (length === 0) return 0;
  const half = length >> 1;
  const upper = select(values, half);
  if (length % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < half; i += 1) lower = Math.max(lower, values[i] as number);
  return (lower + upper) / 2;
}

/** The k-th smallest, with none greater before it (quickselect, Hoare 1961): sorting took a tenth of a fit. */
function select(values: Float64Array, k: number): number {
  let from = 0;
  let to = values.length - 1;
  while (from < to) {
    const pivot = values[(from + to) >> 1] as number;
    let i = from;
    let j = to;
    while (i <= j) {
      while ((values[i] as number) < pivot) i += 1;
      while ((values[j] as number) > pivot) j -= 1;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i] = values[j] as number;
      values[j] = swapped;
      i += 1;
      j -= 1;
    }
    if (k <= j) to = j;
    else if (k >= i) from = i;
    else break;
  }
  return values[k] as number;
}
