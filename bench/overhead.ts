import { connectClient, type TemporalClient } from '../workers/temporal.js';
import { chainMs, rawChain, type Start, signalboxChain, stepsPerSecond } from './overhead/measure.js';
import { median, rounded } from './support/numbers.js';
import { setStage } from './support/stage.js';

/** What Signalbox costs on top of plain Temporal: the same chain and the same burst both ways, alternating in one run. */
const LATENCY_ROUNDS = 15;
const BURST_ROUNDS = 5;

const main = async (json: boolean): Promise<void> => {
  const stage = await setStage({ pool: 'io', slots: 200 });
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

await main(process.argv.includes('--json'));
