/**
 * What a live cycle costs with 1,000, 10,000 and 100,000 waiting tasks, and what these take in memory.
 * `npm run bench:planner -- --json` prints one JSON line; `--cycles N` measures another number of cycles, `--policy FILE` another policy.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readPolicy } from '../src/planner/index.js';
import { BusyCluster } from './planner/busy-cluster.js';
import { quantile, rounded } from './support/numbers.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    cycles: { type: 'string', default: '2000' },
    policy: { type: 'string', default: 'policies/default.yaml' },
  },
});
const SIZES = [1_000, 10_000, 100_000];
const CYCLES = Number(options.cycles);
const WARM_UP = 300;
/** The sizes are measured in turn, so that whatever else the machine does meets all of them. */
const ROUND = 50;

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
const heapBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

const policy = readPolicy(readFileSync(options.policy, 'utf8'));
const clusters = SIZES.map((waiting) => {
  const before = heapBytes();
  const cluster = new BusyCluster(policy, waiting);
  return { waiting, cluster, memoryBytes: heapBytes() - before, times: [] as number[], considered: 0 };
});

for (const { cluster } of clusters) for (let cycle = 0; cycle < WARM_UP; cycle += 1) cluster.cycle();
for (let done = 0; done < CYCLES; done += ROUND) {
  for (const measured of clusters) {
    for (let cycle = 0; cycle < ROUND; cycle += 1) {
      measured.cluster.prepare();
      const beganMs = performance.now();
      measured.considered += measured.cluster.cycle();
      measured.times.push(performance.now() - beganMs);
    }
  }
}

const sizes = clusters.map(({ waiting, memoryBytes, times, considered }) => {
  const seconds = times.reduce((sum, ms) => sum + ms, 0) / 1_000;
  return {
    waiting,
    decisionsPerSecond: Math.round(considered / seconds),
    cycleP50Ms: rounded(quantile(times, 0.5), 3),
    cycleP99Ms: rounded(quantile(times, 0.99), 3),
    memoryMb: rounded(memoryBytes / 2 ** 20, 1),
  };
});
const flatRatio = rounded((sizes.at(-1)?.cycleP50Ms ?? 0) / (sizes[0]?.cycleP50Ms ?? 1), 2);

if (options.json) console.log(JSON.stringify({ sizes, flatRatio }));
else {
  for (const { waiting, decisionsPerSecond, cycleP50Ms, cycleP99Ms, memoryMb } of sizes)
    console.log(
      `${waiting} waiting: a cycle takes ${cycleP50Ms} ms (p99 ${cycleP99Ms} ms), ${decisionsPerSecond} decisions/s, ${memoryMb} MB`,
    );
  console.log(`at 100,000 waiting a cycle takes ${flatRatio} times as long as at 1,000`);
}
