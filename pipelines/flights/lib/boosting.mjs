// Gradient-boosted decision trees for a yes/no target (Friedman 2001; histograms and second-order gains as in
// LightGBM and XGBoost). Small on purpose: the models are the pipeline's business, not Signalbox's.

const BINS = 64;
const LEAF = -1;

/** A small seeded generator (mulberry32), so that the same seed gives the same model on every machine. */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** Cut points between bins: quantiles of the training column, so that each bin holds about as many rows. */
function cutPoints(column) {
  const sorted = Float64Array.from(column).sort();
  const cuts = new Set();
  for (let bin = 1; bin < BINS; bin++) cuts.add(sorted[Math.floor((bin * sorted.length) / BINS)]);
  return [...cuts];
}

/** The number of cut points below each value: `value <= cuts[b]` is the same as `bin <= b`. */
function toBins(column, cuts) {
  return Uint8Array.from(column, (value) => {
    let [low, high] = [0, cuts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > cuts[middle]) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Sums of gradients and hessians per (node, feature, bin) for the rows that stand in a node of this level. */
function histograms(level, features) {
  const { bins, nodeOfRow, rows, gradients, hessians, firstNode, nodes } = level;
  const sums = new Float64Array(nodes * features * BINS * 2);
  for (let feature = 0; feature < features; feature++) {
    const column = bins[feature];
    for (const row of rows) {
      const node = nodeOfRow[row] - firstNode;
      if (node < 0) continue;
      const at = ((node * features + feature) * BINS + column[row]) * 2;
      sums[at] += gradients[row];
      sums[at + 1] += hessians[row];
    }
  }
  return sums;
}

/** The split of one node that gains most, or null where none gains anything. */
function bestSplit(sums, node, cuts, { lambda, minHessian }) {
  const features = cuts.length;
  let best = null;
  for (let feature = 0; feature < features; feature++) {
    const base = (node * features + feature) * BINS * 2;
    let [g, h, gLeft, hLeft] = [0, 0, 0, 0];
    for (let at = base; at < base + BINS * 2; at += 2) {
      g += sums[at];
      h += sums[at + 1];
    }
    for (let bin = 0; bin < cuts[feature].length; bin++) {
      gLeft += sums[base + bin * 2];
      hLeft += sums[base + bin * 2 + 1];
      if (hLeft < minHessian || h - hLeft < minHessian) continue;
      const gRight = g - gLeft;
      const gain = gLeft ** 2 / (hLeft + lambda) + gRight ** 2 / (h - hLeft + lambda) - g ** 2 / (h + lambda);
      if (gain > (best?.gain ?? 1e-6)) best = { feature, bin, gain };
    }
  }
  return best;
}

/** Grows one tree, level by level. Nodes stand in heap order: the children of i are 2i+1 and 2i+2. */
function growTree({ bins, cuts, gradients, hessians, rows, options }) {
  const size = 2 ** (options.depth + 1) - 1;
  const tree = {
    feature: Array(size).fill(LEAF),
    threshold: Array(size).fill(0),
    value: Array(size).fill(0),
  };
  const nodeOfRow = new Int32Array(gradients.length);
  for (let depth = 0; depth < options.depth; depth++) {
    const [firstNode, nodes] = [2 ** depth - 1, 2 ** depth];
    const sums = histograms({ bins, nodeOfRow, rows, gradients, hessians, firstNode, nodes }, cuts.length);
    const splits = Array.from({ length: nodes }, (_, node) => bestSplit(sums, node, cuts, options));
    for (const row of rows) {
      const node = nodeOfRow[row];
      const split = node < firstNode ? null : splits[node - firstNode];
      if (split) nodeOfRow[row] = 2 * node + (bins[split.feature][row] <= split.bin ? 1 : 2);
    }
    for (const [i, split] of splits.entries()) {
      if (!split) continue;
      tree.feature[firstNode + i] = split.feature;
      tree.threshold[firstNode + i] = cuts[split.feature][split.bin];
    }
  }
  return setLeafValues(tree, { nodeOfRow, rows, gradients, hessians, options });
}

function setLeafValues(tree, { nodeOfRow, rows, gradients, hessians, options }) {
  const g = new Float64Array(tree.value.length);
  const h = new Float64Array(tree.value.length);
  for (const row of rows) {
    g[nodeOfRow[row]] += gradients[row];
    h[nodeOfRow[row]] += hessians[row];
  }
  tree.value = tree.value.map((_, i) => (-options.learningRate * g[i]) / (h[i] + options.lambda));
  return tree;
}

function leafOf(tree, at) {
  let node = 0;
  while (tree.feature[node] !== LEAF)
    node = 2 * node + (at(tree.feature[node]) <= tree.threshold[node] ? 1 : 2);
  return tree.value[node];
}

/**
 * Trains `options.trees` trees on columns and a 0/1 target, from `trees` that exist already: resumed from a checkpoint,
 * it gives the same model as one that was never interrupted, because tree n's random rows depend on the seed and n alone.
 * `onTree(trees)` is awaited after each tree.
 */
export async function train({ columns, target, options, trees = [], onTree }) {
  const cuts = columns.map(cutPoints);
  const bins = columns.map((column, i) => toBins(column, cuts[i]));
  const base = target.reduce((sum, y) => sum + y, 0) / target.length;
  const intercept = Math.log(base / (1 - base));
  const margins = new Float64Array(target.length).fill(intercept);
  const addTo = (tree) => {
    for (let row = 0; row < margins.length; row++)
      margins[row] += leafOf(tree, (feature) => columns[feature][row]);
  };
  const model = { intercept, trees: [...trees] };
  for (const tree of trees) addTo(tree);
  while (model.trees.length < options.trees) {
    const tree = growTree({
      ...gradientStep(margins, target, options, model.trees.length),
      bins,
      cuts,
      options,
    });
    addTo(tree);
    model.trees.push(tree);
    await onTree?.(model.trees);
  }
  return model;
}

/** First and second derivatives of the log loss, and the rows of this tree (stochastic boosting). */
function gradientStep(margins, target, options, treeIndex) {
  const random = seededRandom(options.seed * 1_000_003 + treeIndex);
  const gradients = new Float64Array(margins.length);
  const hessians = new Float64Array(margins.length);
  const rows = [];
  for (let row = 0; row < margins.length; row++) {
    if (random() >= options.subsample) continue;
    rows.push(row);
    const p = sigmoid(margins[row]);
    gradients[row] = p - target[row];
    hessians[row] = Math.max(p * (1 - p), 1e-9);
  }
  return { gradients, hessians, rows: Int32Array.from(rows) };
}

/** The probability that the target is 1, for one row of feature values. */
export function predict(model, values) {
  return sigmoid(
    model.trees.reduce((sum, tree) => sum + leafOf(tree, (feature) => values[feature]), model.intercept),
  );
}
