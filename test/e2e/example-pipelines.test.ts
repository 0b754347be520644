import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, type RunDetail } from '../../src/api/client/index.js';
import { type Dev, freePort, startDev } from '../../src/embedded/index.js';

let folder: string;
let dev: Dev;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-examples-'));
  for (const name of ['pipelines', 'node_modules']) symlinkSync(resolve(name), join(folder, name));
  const [apiPort, temporalPort, uiPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const functions = [resolve('pipelines/word-count/functions.ts')];
  dev = await startDev({ folder, apiPort, temporalPort, uiPort, functions, progress: () => {} });
});
afterAll(async () => {
  await dev?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an example to its end. */
const run = async (file: string, params: Record<string, never> | object = {}): Promise<RunDetail> => {
  const client = createClient({ url: dev.apiUrl });
  const document = readFileSync(join('pipelines', file), 'utf8');
  const { run } = await client.startRun({ document, params: params as Record<string, never> });
  const isOver = async () => (await client.getRun(run.id)).status !== 'running';
  await expect.poll(isOver, { timeout: 110_000, interval: 100 }).toBe(true);
  return client.getRun(run.id);
};
const outputs = (detail: RunDetail, key: string) => detail.tasks.find((task) => task.key === key)?.outputs;
const states = (detail: RunDetail) => Object.fromEntries(detail.tasks.map(({ key, state }) => [key, state]));

test('hello greets', async () => {
  const detail = await run('hello.yaml', { who: 'Ada' });
  expect(detail.error).toBeNull();
  expect(outputs(detail, 'shout')).toEqual({ text: 'HELLO, ADA!' });
});

test('fan-out asks for each of the busiest airports and finds the worst', async () => {
  const detail = await run('fan-out.yaml', { airports: 4 });
  expect(detail.error).toBeNull();
  const shares = [0, 1, 2, 3].map((i) => outputs(detail, `lateness[${i}]`)?.share as number);
  expect(outputs(detail, 'worst')?.share).toBe(Math.max(...shares));
});

test('word-count counts by a TypeScript function', async () => {
  const detail = await run('word-count/word-count.yaml', { text: 'a b a', top: 1 });
  expect(outputs(detail, 'count')).toEqual({ words: [{ word: 'a', count: 2 }] });
});

test('http-retry fetches from a server that is busy at first', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    if (asked < 3) response.writeHead(503).end('busy');
    else response.end('n\n1\n2\n3\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const detail = await run('http-retry.yaml', { url: `http://127.0.0.1:${port}/table.csv` });
    expect(detail.error).toBeNull();
    expect(outputs(detail, 'count')).toEqual({ rows: 3 });
    expect(detail.tasks[0]?.attempt).toBe(3);
  } finally {
    server.close();
  }
});

describe('release', () => {
  const production = () => mkdtempSync(join(folder, 'production-'));

  test('publishes, the slow way where the fast one fails, and announces nothing unasked', async () => {
    const place = production();
    const detail = await run('release.yaml', { folder: place, fastLane: false });
    expect(detail.error).toBeNull();
    expect(readFileSync(join(place, 'published'), 'utf8')).toBe('slow\n');
    expect(states(detail)).toMatchObject({ announce: 'skipped', verify: 'succeeded' });
  });

  test('undoes what was done when the check fails', async () => {
    const place = production();
    const detail = await run('release.yaml', { folder: place, healthy: false });
    expect(detail.status).toBe('failed');
    expect(states(detail)).toMatchObject({ unpublish: 'succeeded', unreserve: 'succeeded' });
    expect(['published', 'reserved'].filter((name) => existsSync(join(place, name)))).toEqual([]);
  });
});

test('flights goes from raw data to a served model that beats the trivial one', async () => {
  const candidates = [2, 3].map((depth) => ({ depth, learningRate: 0.3 }));
  const detail = await run('flights/flights.yaml', { sample: 10, trees: 15, candidates });
  expect(detail.error).toBeNull();
  const { testScore, baselineScore } = outputs(detail, 'evaluate') as Record<string, number>;
  expect(testScore).toBeGreaterThan(baselineScore as number);
  const version = outputs(detail, 'register')?.version as string;
  const card = JSON.parse(
    readFileSync(join(folder, '.signalbox/models/flight-delay', version, 'card.json'), 'utf8'),
  );
  expect(card.lineage.data.sha256).toBe(outputs(detail, 'ingest')?.sha256);
  expect(outputs(detail, 'serve')).toMatchObject({ status: 200 });
});
