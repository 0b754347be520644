/**
 * How long a device stands idle between two tasks while others wait for it: from the end of one task's process to the start of the
 * next, which its run's workflow hears of by signal. Beside it, what plain Temporal takes from one activity to the next.
 * `npm run bench:deferral -- --json` prints one JSON line.
 */
import { connectClient } from '../workers/temporal.js';
import { chainMs, rawChain } from './overhead/measure.js';
import { STEPS } from './overhead/size.js';
import { median, quantile, rounded } from './support/numbers.js';
import { benchClient, sleepingJob, untilEnded } from './support/runs.js';
import { setStage } from './support/stage.js';

const DEVICES = 4;
const TASKS = 240;
const SLEEP_SECONDS = 0.4;
const CHAINS = 15;

const measure = async (apiUrl: string) => {
  const api = benchClient(apiUrl);
  const document = sleepingJob('short', 'default', 1, SLEEP_SECONDS);
  const ids: string[] = [];
  for (let task = 0; task < TASKS; task += 1) ids.push((await api.startRun({ document })).run.id);
  const tasks = (await untilEnded(api, ids)).flatMap((run) => run.tasks);
  const times = (of: 'startedAt' | 'endedAt') =>
    tasks.map((task) => Date.parse(task[of] ?? '')).sort((a, b) => a - b);
  const [starts, ends] = [times('startedAt'), times('endedAt')];
  // All are alike, so that the nth end makes room for the first start after those that had a device at once.
  return starts.slice(DEVICES).map((startMs, index) => startMs - (ends[index] ?? startMs));
};

const main = async (json: boolean): Promise<void> => {
  const stage = await setStage({ pool: 'gpu', devices: DEVICES, virtualDevices: true });
  try {
    const temporal = await connectClient(stage.settings.temporal);
    const chains: number[] = [];
    for (let chain = 0; chain < CHAINS; chain += 1) chains.push(await chainMs(rawChain(temporal.client)));
    await temporal.close();
    const gaps = await measure(stage.apiUrl);
    const dispatchMs = median(chains) / STEPS;
    const figures = {
      dispatchMs: rounded(dispatchMs, 1),
      deferralP50Ms: rounded(quantile(gaps, 0.5) - dispatchMs, 1),
      deferralP99Ms: rounded(quantile(gaps, 0.99) - dispatchMs, 1),
      longestMs: rounded(Math.max(...gaps) - dispatchMs, 1),
      tasks: TASKS,
    };
    if (json) console.log(JSON.stringify(figures));
    else {
      console.log(`plain Temporal, from one activity to the next: ${figures.dispatchMs} ms`);
      console.log(
        `a waiting task, from the end of the one before it: ${figures.deferralP50Ms} ms more at P50, ${figures.deferralP99Ms} ms at P99, ${figures.longestMs} ms at most`,
      );
    }
  } finally {
    await stage.stop();
  }
};

await main(process.argv.includes('--json'));
