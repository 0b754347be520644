/**
 * The same 200 jobs of a real trace, live and in the simulator: sleeping tasks on 48 devices, in a time 34 times shorter, under the
 * default policy, with forecasts that begin knowing nothing. Shows whether what the simulator promises holds.
 * `npm run bench:live -- --json` prints one JSON line; without the trace it says so and ends well.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readPolicy } from '../src/planner/index.js';
import { type SimRun, simulate } from '../src/simulator/index.js';
import { type Fleet, fleetOf, loadOf, readSlice } from './live/slice.js';
import { rounded } from './support/numbers.js';
import { benchClient, sleepingJob, untilEnded } from './support/runs.js';
import { setStage } from './support/stage.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    trace: { type: 'string', default: '../shared/traces/philly_oct2017.csv.gz' },
  },
});
/** Chosen because nothing in it is much longer than the time in which it arrives, and no job is larger than a node. */
const SLICE = { first: 41_100, jobs: 200, shrink: 34 };
const FLEET: Fleet = { devices: 48, perNode: 8 };

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean time from submission to start, in seconds. */
const simulated = (runs: readonly SimRun[]): number => {
  const policy = readPolicy(readFileSync('policies/default.yaml', 'utf8'));
  const { records } = simulate({ runs, history: [] }, fleetOf(FLEET), policy, {
    forecast: 'learned',
    preemption: null,
    resumeSeconds: 0,
    checkpoints: 'none',
    failureProbability: null,
    seed: 1,
  });
  return mean(records.map(({ firstStartAtMs, submitAtMs }) => (firstStartAtMs - submitAtMs) / 1_000));
};

/** The same of real runs: from the request to the start of the task's process. */
const live = async (runs: readonly SimRun[], apiUrl: string): Promise<number> => {
  const api = benchClient(apiUrl);
  const beganMs = Date.now();
  const submitted = await Promise.all(
    runs.map(async ({ pipeline, tenant, submitAtMs, tasks: [task] }) => {
      await new Promise((resolve) => setTimeout(resolve, beganMs + submitAtMs - Date.now()));
      const { devices = 0 } = task?.resources ?? {};
      const document = sleepingJob(pipeline, tenant, devices, task?.runSeconds ?? 0);
      return (await api.startRun({ document })).run.id;
    }),
  );
  const ended = await untilEnded(api, submitted);
  return mean(
    ended.map(({ tasks: [task] }, index) => {
      const submittedMs = beganMs + (runs[index]?.submitAtMs ?? 0);
      return (Date.parse(task?.startedAt ?? '') - submittedMs) / 1_000;
    }),
  );
};

const main = async (): Promise<void> => {
  const runs = await readSlice(options.trace, SLICE, FLEET);
  const stage = await setStage({
    pool: 'gpu',
    nodes: FLEET.devices / FLEET.perNode,
    devices: FLEET.perNode,
    virtualDevices: true,
  });
  try {
    const [promised, held] = [simulated(runs), await live(runs, stage.apiUrl)];
    const figures = {
      liveMeanQueueSeconds: rounded(held, 2),
      simulatedMeanQueueSeconds: rounded(promised, 2),
      ratio: rounded(held / promised, 3),
      load: rounded(loadOf(runs, FLEET), 2),
      tasks: runs.length,
    };
    if (options.json) console.log(JSON.stringify(figures));
    else
      console.log(
        `${figures.tasks} jobs at load ${figures.load}: mean queue live ${figures.liveMeanQueueSeconds} s, simulated ${figures.simulatedMeanQueueSeconds} s, ratio ${figures.ratio}`,
      );
  } finally {
    await stage.stop();
  }
};

if (existsSync(options.trace)) await main();
else console.error(`Skipped: there is no trace ${options.trace}; --trace names another place.`);
