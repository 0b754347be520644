import { MultivariateLinearRegression } from 'ml-regression';
import type { Rows } from './trees/bins.js';

/** More rows than this sharpen a plane over some forty columns by nothing that shows. */
const MAX_ROWS = 4000;
/** Ridge penalty as a share of the rows: keeps columns that say the same from cancelling one another. */
const PENALTY = 0.01;
/** A standardised value beyond this says "far out", not how far: a feature of 1e300 must not move a forecast to 1e300. */
const FAR = 5;

/** A plane over standardised columns. */
export interface LinearModel {
  /** Which columns of a row; the arrays beside it are in their order. */
  readonly columns: readonly number[];
  readonly centers: readonly number[];
  readonly spreads: readonly number[];
  readonly weights: readonly number[];
  readonly intercept: number;
}

/** Ridge regression on inverse hyperbolic sines (a logarithm that takes zero and negatives), by ml-regression. */
export function fitLinear(rows: Rows, targets: Float64Array, columns: readonly number[]): LinearModel {
  const stride = Math.max(1, Math.ceil(rows.count / MAX_ROWS));
  const picked = Array.from({ length: Math.ceil(rows.count / stride) }, (_, i) => i * stride);
  const scale = columns.map((column) => standardOf(rows, picked, column));
  const shape = { columns, centers: scale.map((s) => s.center), spreads: scale.map((s) => s.spread) };
  const inputs = picked.map((row) => standardized(shape, rows.values, row * rows.width));
  const mean = picked.reduce((sum, row) => sum + (targets[row] as number), 0) / picked.length;
  const outputs = picked.map((row) => [targets[row] as number]);
  const pull = Math.sqrt(picked.length * PENALTY);
  columns.forEach((column) => {
    inputs.push(columns.map((other) => (other === column ? pull : 0)));
    outputs.push([mean]);
  });
  const { weights } = new MultivariateLinearRegression(inputs, outputs, { statistics: false });
  const flat = weights.map((weight) => weight[0] ?? 0);
  return { ...shape, weights: flat.slice(0, columns.length), intercept: flat[columns.length] ?? mean };
}

/** About how many table look-ups a fit is worth: the products of all columns, and a singular value decomposition. */
export const linearCost = (rows: number, columns: number): number =>
  (Math.min(rows, MAX_ROWS) + columns) * columns * columns + 40 * columns ** 3;

/** What the plane says of the row that starts at `offset`. */
export function linearValue(model: LinearModel, values: Float32Array, offset = 0): number {
  let sum = model.intercept;
  for (let at = 0; at < model.weights.length; at += 1) {
    const value = values[offset + (model.columns[at] as number)] as number;
    sum += (model.weights[at] as number) * standardValue(model, value, at);
  }
  return sum;
}

type Shape = Pick<LinearModel, 'columns' | 'centers' | 'spreads'>;

const standardized = (shape: Shape, values: Float32Array, offset: number): number[] =>
  shape.columns.map((column, at) => standardValue(shape, values[offset + column] as number, at));

/** A missing value stands at its column's mean. */
function standardValue(shape: Shape, value: number, at: number): number {
  if (Number.isNaN(value)) return 0;
  const z = (Math.asinh(value) - (shape.centers[at] as number)) / (shape.spreads[at] as number);
  return Math.max(-FAR, Math.min(FAR, z));
}

function standardOf(
  rows: Rows,
  picked: readonly number[],
  column: number,
): { center: number; spread: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const row of picked) {
    const value = Math.asinh(rows.values[row * rows.width + column] as number);
    if (Number.isNaN(value)) continue;
    count += 1;
    const step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
  }
  return { center: mean, spread: Math.sqrt(squares / Math.max(1, count)) || 1 };
}
