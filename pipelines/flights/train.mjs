// Trains one candidate, with checkpoints. Stopped at any tree, the next attempt goes on from the last checkpoint and
// ends with the very model that it would have had without the interruption.
import { parseArgs } from 'node:util';
import { predict, train } from './lib/boosting.mjs';
import { auc } from './lib/metrics.mjs';
import { readPart, rowOf } from './lib/table.mjs';
import { loadCheckpoint, reportProgress, saveCheckpoint, writeJson, writeOutputs } from './lib/task.mjs';

/** Far enough apart that the worker, which looks every second, finds the folder at rest and keeps it. */
const CHECKPOINT_EVERY_MS = 2_500;
const REPORT_EVERY_MS = 500;

const { values } = parseArgs({
  options: {
    features: { type: 'string' },
    candidate: { type: 'string' },
    trees: { type: 'string' },
    seed: { type: 'string' },
  },
});
const options = {
  lambda: 1,
  minHessian: 5,
  subsample: 0.5,
  ...JSON.parse(values.candidate),
  trees: Number(values.trees),
  seed: Number(values.seed),
};

let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

const checkpoint = await loadCheckpoint();
const resumedFrom = checkpoint?.trees.length ?? 0;
if (resumedFrom > 0) console.log(`resumed at tree ${resumedFrom} of ${options.trees}`);

const [training, validation] = [
  await readPart(values.features, 'train'),
  await readPart(values.features, 'validation'),
];
console.log(`${training.target.length} flights to learn from, ${validation.target.length} to check with`);

/** True once per period. */
const every = (periodMs) => {
  let nextMs = performance.now() + periodMs;
  return () => {
    if (performance.now() < nextMs) return false;
    nextMs = performance.now() + periodMs;
    return true;
  };
};
const dueToSave = every(CHECKPOINT_EVERY_MS);
const dueToReport = every(REPORT_EVERY_MS);

const model = await train({
  ...training,
  options,
  trees: checkpoint?.trees,
  onTree: async (trees) => {
    // A breath for the event loop: signals arrive here.
    await new Promise((resolve) => setImmediate(resolve));
    if (dueToReport()) {
      await reportProgress(trees.length / options.trees);
      console.log(`tree ${trees.length} of ${options.trees}`);
    }
    if (stopping || dueToSave()) await saveCheckpoint({ trees });
    if (stopping) process.exit(143);
  },
});

const scores = Array.from(validation.target, (_, row) => predict(model, rowOf(validation, row)));
const validationScore = auc(scores, validation.target);
console.log(`validation AUC ${validationScore.toFixed(4)}`);
await writeJson('model.json', { ...model, options });
await reportProgress(1);
await writeOutputs({ model: { $file: 'model.json' }, validationScore, resumedFrom });
