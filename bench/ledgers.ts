/**
 * What several control processes come to on one Postgres: the same load shared out among one, two and three ledgers.
 * `npm run bench:ledgers -- --json` prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import type { Aside, Ask, SideSettings } from './ledger/side.js';
import { rounded } from './support/numbers.js';
import { type BenchProcess, startProcess } from './support/process.js';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, most: { type: 'string', default: '3' } },
});
const WAITING = 10_000;
const CALLS = 480;
const SECONDS = 8;

interface Seen {
  readonly processes: number;
  readonly transitionsPerSecond: number;
  /** Of the process that got on least, against an even share. */
  readonly leastShare: number;
  /** Of calls of `advance` at 1,000 transitions a second, all processes together; the worst process. */
  readonly advanceP99Ms: number;
}

const measure = async (server: string, processes: number): Promise<Seen> => {
  const databaseUrl = await createDatabase(server, `ledgers_${processes}`);
  const sides: BenchProcess[] = [];
  try {
    for (let index = 0; index < processes; index += 1) {
      const settings: SideSettings = {
        databaseUrl,
        waiting: WAITING / processes,
        name: String.fromCharCode(97 + index),
      };
      const side = await startProcess('ledger/side.ts', settings);
      sides.push(side);
      side.child.on('message', (message: Partial<Aside>) => {
        if (message.aside === undefined) return;
        for (const other of sides) if (other !== side) other.child.send(message);
      });
    }
    for (const side of sides) await side.ask({ kind: 'fill' } satisfies Ask);
    const all = (ask: Ask) => Promise.all(sides.map((side) => side.ask(ask)));
    const together: Ask = { kind: 'together', calls: CALLS / processes, seconds: SECONDS };
    // The first has all the nodes to itself until the others' queues are filled.
    await all({ ...together, seconds: 5 });
    const rates = (await all(together)).map(
      ({ transitions, ms }) => (Number(transitions) / Number(ms)) * 1_000,
    );
    const paced = await all({ kind: 'rate', transitionsPerSecond: 1_000 / processes, seconds: SECONDS });
    const sum = rates.reduce((a, b) => a + b, 0);
    return {
      processes,
      transitionsPerSecond: Math.round(sum),
      leastShare: rounded(Math.min(...rates) / (sum / processes), 2),
      advanceP99Ms: rounded(Math.max(...paced.map(({ p99Ms }) => Number(p99Ms))), 1),
    };
  } finally {
    for (const side of sides) await side.end();
  }
};

const server = await startPostgres([]);
try {
  const seen: Seen[] = [];
  for (let processes = 1; processes <= Number(options.most); processes += 1) {
    const one = await measure(server.url, processes);
    seen.push(one);
    if (!options.json)
      console.log(
        `${one.processes} processes: ${one.transitionsPerSecond} transitions/s, the slowest ${one.leastShare} of its share; advance p99 ${one.advanceP99Ms} ms at 1,000/s`,
      );
  }
  if (options.json) console.log(JSON.stringify({ processes: seen }));
} finally {
  await server.stop();
}
