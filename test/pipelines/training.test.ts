import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let home: string;
let features: string;

/** Flights whose lateness follows the hour and the route, with noise, in the columns that the programs read. */
const madeUpFlights = (file: string) => `
  COPY (
    WITH rows AS (
      SELECT i AS row, CASE WHEN i < 12000 THEN 'train' WHEN i < 15000 THEN 'validation' ELSE 'test' END AS part,
        hash(i) % 24 AS hour, hash(i, 1) % 7 + 1 AS weekday, hash(i, 2) % 2000 AS distance,
        (hash(i, 3) % 100) / 100 AS route_rate, (hash(i, 4) % 100) / 100 AS noise
      FROM range(18000) AS t(i))
    SELECT *, (hour / 24 * 0.4 + route_rate * 0.6 + noise * 0.5 > 0.9)::INT AS late, 0.2 AS origin_rate,
      0.2 AS destination_rate, 0.2 AS origin_recent, 0.2 AS destination_recent, 0.2 AS network_recent,
      0.2 AS origin_yesterday, 0.2 AS destination_yesterday
    FROM rows
  ) TO '${file}'`;

/** Runs one of the pipeline's programs as a worker would, in a folder of its own. */
const program = (name: string, args: readonly string[], folder: string) => {
  const child = spawn(process.execPath, [`pipelines/flights/${name}.mjs`, ...args], {
    env: {
      ...process.env,
      SIGNALBOX_DIR: home,
      SIGNALBOX_OUTPUT: join(home, `${folder}.json`),
      SIGNALBOX_CHECKPOINT_DIR: join(home, `${folder}-checkpoint`),
    },
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), exitCode(child)]);
  return { child, ended };
};

const exitCode = (child: ReturnType<typeof spawn>) =>
  new Promise<number | null>((resolve) => child.once('exit', resolve));

const candidate = ['--candidate={"depth":4,"learningRate":0.1}', '--trees=150', '--seed=7'];
const outputs = async (folder: string) => JSON.parse(await readFile(join(home, `${folder}.json`), 'utf8'));
const model = () => readFile(join(home, 'model.json'), 'utf8');

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flights-'));
  features = join(home, 'features.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(madeUpFlights(features));
  connection.closeSync();
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('training', () => {
  it('gives the same model when it was stopped on the way as when it was not', async () => {
    await program('train', [`--features=${features}`, ...candidate], 'whole').ended;
    const uninterrupted = await model();

    const first = program('train', [`--features=${features}`, ...candidate], 'stopped');
    first.child.stdout.once('data', () => first.child.kill('SIGTERM'));
    const [, , firstExit] = await first.ended;
    const [said, , secondExit] = await program('train', [`--features=${features}`, ...candidate], 'stopped')
      .ended;

    expect([firstExit, secondExit]).toEqual([143, 0]);
    expect(said).toMatch(/^resumed at tree \d+ of 150/);
    expect((await outputs('stopped')).resumedFrom).toBeGreaterThan(0);
    expect(await model()).toBe(uninterrupted);
  });

  it('finds what there is to find, and the evaluation scores it above the hour of the day', async () => {
    await program('train', [`--features=${features}`, ...candidate], 'only').ended;
    const found = { ...(await outputs('only')), model: { uri: join(home, 'model.json') } };
    const worse = { ...found, validationScore: 0.5, model: { uri: 'never read' } };
    const candidates = JSON.stringify([worse, found, worse]);
    await program('evaluate', [`--features=${features}`, `--candidates=${candidates}`], 'evaluated').ended;

    const scores = await outputs('evaluated');
    expect(scores.testRows).toBe(3_000);
    expect(scores.testScore).toBeGreaterThan(scores.baselineScore);
    expect(scores.testScore).toBeGreaterThan(0.85);
    expect(scores.testScore).toBeLessThan(1);
  });

  it('serves the model and gets over HTTP what the evaluation computed', async () => {
    const files = [`--model=${join(home, 'model.json')}`, `--example=${join(home, 'example.json')}`];
    const [, , exit] = await program('serve', files, 'served').ended;
    const example = JSON.parse(await readFile(join(home, 'example.json'), 'utf8'));
    expect(exit).toBe(0);
    expect(await outputs('served')).toMatchObject({ status: 200, probability: example.probability });
  });
});
