import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, resolveTemporal, startTemporalServer } from '../src/embedded/index.js';
import { connectClient, type TemporalClient, type TemporalSettings } from '../workers/temporal.js';
import { chainMs, rawChain, type Start, signalboxChain, stepsPerSecond } from './overhead/measure.js';
import type { BenchSettings } from './overhead/settings.js';
import { benchDatabase } from './support/database.js';
import { median, rounded } from './support/numbers.js';
import { startProcess } from './support/process.js';

/** What Signalbox costs on top of plain Temporal: the same chain and the same burst both ways, alternating in one run. */
const LATENCY_ROUNDS = 15;
const BURST_ROUNDS = 5;

const main = async (json: boolean): Promise<void> => {
  const stage = await setStage();
  try {
    const client = await connectClient(stage.settings.temporal);
    const figures = await measure(client, stage.apiUrl, json ? () => {} : (line) => console.log(line));
    await client.close();
    console.log(JSON.stringify({ ...figures, database: stage.database }));
  } finally {
    await stage.stop();
  }
};

const measure = async ({ client }: TemporalClient, apiUrl: string, say: (line: string) => void) => {
  const ways = { raw: rawChain(client), signalbox: signalboxChain(client, apiUrl) };
  for (const start of Object.values(ways)) for (let n = 0; n < 5; n++) await chainMs(start);
  const chain = await alternate(ways, LATENCY_ROUNDS, chainMs);
  say(`20 steps, ms: raw ${chain.raw.join(' ')}; signalbox ${chain.signalbox.join(' ')}`);
  await alternate(ways, 1, stepsPerSecond);
  const burst = await alternate(ways, BURST_ROUNDS, stepsPerSecond);
  say(
    `60 x 20 steps, steps/s: raw ${burst.raw.map(Math.round).join(' ')}; signalbox ${burst.signalbox.map(Math.round).join(' ')}`,
  );
  return {
    latencyRatio: rounded(median(chain.signalbox) / median(chain.raw)),
    throughputRatio: rounded(median(burst.signalbox) / median(burst.raw)),
    rawStepMs: rounded(median(chain.raw) / 20),
    signalboxStepMs: rounded(median(chain.signalbox) / 20),
    rawStepsPerSecond: Math.round(median(burst.raw)),
    signalboxStepsPerSecond: Math.round(median(burst.signalbox)),
  };
};

/** A B, B A, A B …: neither always goes first, so that a drifting machine favours none. */
const alternate = async (
  ways: { readonly raw: Start; readonly signalbox: Start },
  rounds: number,
  take: (start: Start) => Promise<number>,
) => {
  const seen = { raw: [] as number[], signalbox: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['raw', 'signalbox'] as const) : (['signalbox', 'raw'] as const);
    for (const way of order) seen[way].push(await take(ways[way]));
  }
  return seen;
};

const setStage = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  const database = await benchDatabase(folder);
  const source = await resolveTemporal();
  const port = await freePort();
  const server =
    source.kind === 'address'
      ? null
      : await startTemporalServer({ binary: source.path, logFile: join(folder, 'temporal.log'), port });
  const address = source.kind === 'address' ? source.address : `127.0.0.1:${port}`;
  const temporal: TemporalSettings = { address, namespace: 'default' };
  const settings: BenchSettings = {
    temporal,
    databaseUrl: database.url,
    folder,
    workerToken: 'bench-worker-token',
  };
  const control = await startProcess('overhead/control.ts', settings);
  const apiUrl = String(control.answer.apiUrl);
  const pool = await startProcess('overhead/pool.ts', { ...settings, apiUrl });
  const stop = async () => {
    for (const side of [pool, control]) await side.end();
    await server?.stop(5_000);
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { settings, apiUrl, database: database.name, stop };
};

await main(process.argv.includes('--json'));
