/**
 * How fast the forecaster learns and answers, and how much memory a million observations take.
 * `npm run bench:forecast -- --json` prints one JSON line; `--observations N` learns fewer.
 * Times are CPU times, so that other programs on the machine change little.
 */
import { parseArgs } from 'node:util';
import type { Observation } from '../src/domain/index.js';
import { createForecaster } from '../src/forecast/index.js';
import { source } from './support/numbers.js';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, observations: { type: 'string', default: '1000000' } },
});
const OBSERVATIONS = Number(options.observations);
const PREDICTIONS = 20_000;
const BATCH = 1000;

/** A day's work of 200 pipelines of five tasks: runtimes grow with the input, some users never repeat a name. */
function observationAt(i: number, random: () => number): Observation {
  const pipeline = Math.floor(random() ** 2 * 200);
  const task = Math.floor(random() * 5);
  const inputBytes = 10 ** (3 + 6 * random());
  const noise = random() + random() + random() - 1.5;
  return {
    pipeline: `pipeline-${pipeline}`,
    task: `task-${task}`,
    pool: ['gpu', 'cpu', 'io'][task % 3] as string,
    tenant: `tenant-${pipeline % 7}`,
    features: {
      inputBytes,
      epochs: Math.ceil(random() * 8),
      model: `model-${pipeline % 13}`,
      note: `text-${i}`,
    },
    outcome: random() < 0.03 ? 'failed' : 'succeeded',
    runtimeSeconds: (1 + pipeline / 10) * (inputBytes / 1e6) ** 0.6 * Math.exp(0.3 * noise) + task,
    peakMemoryBytes: 1e9 * random(),
    cpuSeconds: 10 * random(),
    endedAtMs: i * 1000,
  };
}

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const rssBefore = process.memoryUsage.rss();
const forecaster = createForecaster({ prior: () => ({ p50Seconds: 60, p90Seconds: 600 }) });
const random = source(1);
let learning = 0;
let rssPeak = rssBefore;
for (let done = 0; done < OBSERVATIONS; done += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, i) => observationAt(done + i, random));
  const before = process.cpuUsage();
  for (const observation of batch) forecaster.observe(observation);
  learning += cpuMs(before);
  rssPeak = Math.max(rssPeak, process.memoryUsage.rss());
}
const subjects = Array.from({ length: PREDICTIONS }, (_, i) => observationAt(i, random));
const before = process.cpuUsage();
for (const subject of subjects) forecaster.predict(subject);
const predicting = cpuMs(before);

const result = {
  predictionsPerSecond: Math.round(PREDICTIONS / (predicting / 1000)),
  learnMs: Number((learning / OBSERVATIONS).toFixed(4)),
  observations: OBSERVATIONS,
  rssGrowthMiB: Math.round((rssPeak - rssBefore) / 2 ** 20),
};
const text = options.json
  ? JSON.stringify(result)
  : `${result.predictionsPerSecond} predictions a second; ${result.learnMs} ms to learn one observation; ` +
    `${result.rssGrowthMiB} MiB after ${OBSERVATIONS} observations`;
process.stdout.write(`${text}\n`);
