import { takeStock } from './aftermath.js';
import { chanceFrom } from './chance.js';
import { FAULTS } from './faults/index.js';
import { type Options, readOptions } from './options.js';
import { injectFaults } from './schedule.js';
import { startWorld } from './system/world.js';
import { Stream } from './workload/stream.js';

/** What must stay true under faults: a whole system of real processes, a stream of runs, faults from a seed, and checks. */
const main = async (options: Options): Promise<number> => {
  const { seed, only, json, keep } = options;
  if (process.platform !== 'linux') throw new Error('The faults need Linux: its locks, signals and /proc.');
  const faults = FAULTS.filter(({ kind }) => only.length === 0 || only.includes(kind));
  if (faults.length === 0) throw new Error(`--only knows ${FAULTS.map(({ kind }) => kind).join(', ')}.`);
  const chance = chanceFrom(seed);
  const world = await startWorld(say);
  let sound = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void world.stop(keep).finally(() => process.exit(130)));
  try {
    say(`seed ${seed}; all processes run, logs in ${world.folder}`);
    const stream = new Stream(world, chance.branch());
    stream.start();
    const { byKind, failures } = await injectFaults(faults, { world, stream }, chance.branch(), options);
    await stream.end();
    say(`the last fault is over; ${stream.accepted.size} runs were accepted`);
    const { tasks, violations } = await takeStock(world, stream);
    const all = [...failures, ...violations];
    for (const line of all) console.error(`VIOLATION ${line}`);
    sound = all.length === 0;
    if (!sound) console.error(`Again with: npm run test:faults -- --seed ${seed}; logs in ${world.folder}`);
    const faultCount = Object.values(byKind).reduce((sum, count) => sum + count, 0);
    const summary = {
      ...{ seed, faults: faultCount, faultsByKind: byKind },
      ...{ runs: stream.accepted.size, tasks, violations: all.length },
    };
    console.log(json ? JSON.stringify(summary) : plain(summary));
    return sound ? 0 : 1;
  } finally {
    await world.stop(keep || !sound);
  }
};

const beganMs = performance.now();
const say = (line: string): void =>
  console.error(`${((performance.now() - beganMs) / 1_000).toFixed(1).padStart(6)} s  ${line}`);

const plain = ({
  faults,
  runs,
  tasks,
  violations,
}: {
  readonly faults: number;
  readonly runs: number;
  readonly tasks: number;
  readonly violations: number;
}): string => `${faults} faults, ${runs} runs, ${tasks} tasks: ${violations} violations`;

process.exitCode = await main(readOptions(process.argv.slice(2)));
