// Chooses the candidate with the best validation score, and only then looks at the test set, with that one alone.
// The baseline predicts each hour's share of late flights, as seen in training.
import { parseArgs } from 'node:util';
import { predict } from './lib/boosting.mjs';
import { auc, brier } from './lib/metrics.mjs';
import { FEATURES, readPart, rowOf } from './lib/table.mjs';
import { readJson, writeJson, writeOutputs } from './lib/task.mjs';

const { values } = parseArgs({ options: { features: { type: 'string' }, candidates: { type: 'string' } } });
const candidates = JSON.parse(values.candidates);
const best = candidates.reduce((a, b) => (b.validationScore > a.validationScore ? b : a));

function hourlyShares({ columns, target }) {
  const late = new Float64Array(24);
  const all = new Float64Array(24);
  columns[FEATURES.indexOf('hour')].forEach((hour, row) => {
    late[Math.floor(hour)] += target[row];
    all[Math.floor(hour)] += 1;
  });
  return late.map((count, hour) => count / Math.max(all[hour], 1));
}

const model = await readJson(best.model.uri);
const test = await readPart(values.features, 'test');
const shares = hourlyShares(await readPart(values.features, 'train'));
const scores = Array.from(test.target, (_, row) => predict(model, rowOf(test, row)));
const baseline = Array.from(test.columns[FEATURES.indexOf('hour')], (hour) => shares[Math.floor(hour)]);

const result = {
  metric: 'AUC',
  validationScore: best.validationScore,
  testScore: auc(scores, test.target),
  baselineScore: auc(baseline, test.target),
  testBrier: brier(scores, test.target),
  baselineBrier: brier(baseline, test.target),
  testRows: test.target.length,
};
console.log(`chose ${JSON.stringify(model.options)} of ${candidates.length} candidates`);
console.log(`test AUC ${result.testScore.toFixed(4)}, by the hour alone ${result.baselineScore.toFixed(4)}`);

// One test flight with its answer, for whoever serves the model to check itself against.
const example = Object.fromEntries(FEATURES.map((name, i) => [name, rowOf(test, 0)[i]]));
await writeJson('example.json', { flight: example, probability: scores[0] });
await writeJson('model.json', model);
await writeOutputs({
  ...result,
  options: model.options,
  model: { $file: 'model.json' },
  example: { $file: 'example.json' },
});
