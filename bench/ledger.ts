/**
 * How fast the ledger is, on a real Postgres that waits for the disk, with 1,000 and with 100,000 waiting tasks.
 * A transition: a task enters, is granted, or ends. Calls of `advance` that arrive together share a commit.
 * `npm run bench:ledger -- --json` prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import type { Ask, SideSettings } from './ledger/side.js';
import { median, rounded } from './support/numbers.js';
import { type BenchProcess, startProcess } from './support/process.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    /** Rounds of each size, and how long each takes. */
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
});
const SMALL = 1_000;
const LARGE = 100_000;
/** Calls under way at once: as many as the pool of 640 devices has running tasks to end, nearly. */
const CALLS = 500;
const RATE = 1_000;
const RATE_SECONDS = 20;
const seconds = Number(options.seconds);

const main = async (): Promise<void> => {
  const server = await startPostgres([]);
  const sides: BenchProcess[] = [];
  try {
    for (const waiting of [SMALL, LARGE]) {
      const databaseUrl = await createDatabase(server.url, `waiting_${waiting}`);
      const settings: SideSettings = { databaseUrl, waiting, name: 'one' };
      const side = await startProcess('ledger/side.ts', settings);
      sides.push(side);
      const { ms } = await side.ask({ kind: 'fill' } satisfies Ask);
      say(`${waiting} waiting: filled in ${Math.round(Number(ms))} ms`);
    }
    print(await measure(sides as [BenchProcess, BenchProcess]));
  } finally {
    for (const side of sides) await side.end();
    await server.stop();
  }
};

const measure = async ([small, large]: readonly [BenchProcess, BenchProcess]) => {
  const together: Ask = { kind: 'together', calls: CALLS, seconds };
  const seen = { small: [] as number[], large: [] as number[] };
  for (const side of [small, large]) await side.ask(together);
  // The sizes are measured in turn, so that whatever else the machine does meets both.
  for (let round = 0; round < Number(options.rounds); round += 1) {
    seen.small.push(msPerTransition(await small.ask(together)));
    seen.large.push(msPerTransition(await large.ask(together)));
  }
  const rate: Ask = { kind: 'rate', transitionsPerSecond: RATE, seconds: RATE_SECONDS };
  await large.ask({ ...rate, seconds: 3 });
  return { ...seen, paced: await large.ask(rate) };
};

const msPerTransition = ({ transitions, ms }: Record<string, unknown>): number =>
  Number(ms) / Number(transitions);

const say = (line: string): void => {
  if (!options.json) console.log(line);
};

const print = ({ small, large, paced }: Awaited<ReturnType<typeof measure>>): void => {
  const result = {
    transitionsPerSecond: Math.round(1_000 / median(large)),
    advanceP99Ms: rounded(Number(paced.p99Ms), 1),
    flatRatio: rounded(median(large) / median(small), 2),
  };
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  const perSecond = (times: readonly number[]) => times.map((ms) => Math.round(1_000 / ms)).join(' ');
  console.log(`Transitions a second, ${CALLS} calls at once, round by round`);
  console.log(`  ${SMALL} waiting    ${perSecond(small)}`);
  console.log(`  ${LARGE} waiting  ${perSecond(large)}`);
  console.log(`  time per transition: ${result.flatRatio} times as long as with ${SMALL}`);
  console.log(
    `advance at ${Math.round(Number(paced.transitionsPerSecond))} transitions a second, ${paced.waiting} waiting`,
  );
  console.log(
    `  p50 ${rounded(Number(paced.p50Ms), 1)} ms, p99 ${result.advanceP99Ms} ms, longest ${rounded(Number(paced.maxMs), 1)} ms`,
  );
};

await main();
