import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderWorkspace } from '../../activities/artifacts/index.js';
import type { SqlRun } from '../../src/domain/index.js';
import { aBench, anInput, type Bench, perform, processes } from './support.js';

let bench: Bench;
beforeAll(() => {
  bench = aBench();
});
afterAll(() => bench.dispose());

const sql = (statements: string | string[], more: Partial<SqlRun> = {}): SqlRun => ({
  kind: 'sql',
  statements: [statements].flat(),
  assertions: [],
  files: {},
  ...more,
});

it('SQL gives the first row of its last statement, as JSON can say it', async () => {
  const run = sql([
    'CREATE TABLE t AS SELECT range AS n FROM range(10)',
    `SELECT count(*) AS n, 9007199254740993 AS big, DATE '2026-02-01' AS day, avg(n) AS mean, [1, 2] AS list, NULL AS none,
       1.5::DECIMAL(4, 2) AS money, 'x' AS text FROM t`,
  ]);
  expect((await perform(bench, anInput(run))).outputs).toEqual({
    n: 10,
    big: '9007199254740993',
    day: '2026-02-01T00:00:00.000Z',
    mean: 4.5,
    list: [1, 2],
    none: null,
    money: 1.5,
    text: 'x',
  });
});

it('SQL reads files of the workspace and publishes the files that it writes', async () => {
  const { uri } = await bench.workspace.put('runs/r/1/in.csv', { bytes: Buffer.from('a,b\n1,2\n3,4\n') });
  const write = sql(`COPY (SELECT * FROM '${uri}') TO '\${SIGNALBOX_DIR}/out.parquet' (FORMAT parquet)`, {
    files: { table: 'out.parquet' },
  });
  const { outputs } = await perform(bench, anInput(write));
  const table = outputs.table as { uri: string };
  expect(table).toMatchObject({ uri: 'workspace://runs/run-1/task/1/out.parquet' });
  const read = anInput(sql(`SELECT sum(b) AS b FROM '${table.uri}'`), { attempt: 2 });
  expect((await perform(bench, read)).outputs).toEqual({ b: 6 });
});

it('SQL that breaks its rules names every broken one, with the count and an example', async () => {
  const run = sql('CREATE TABLE t AS SELECT range AS n FROM range(10)', {
    assertions: [
      { name: 'small', sql: 'SELECT * FROM t WHERE n > 6;' },
      { name: 'present', sql: 'SELECT * FROM t WHERE n IS NULL' },
      { name: 'odd', sql: 'SELECT n FROM t WHERE n % 2 = 0' },
    ],
  });
  const { outcome, error } = await perform(bench, anInput(run));
  expect({ outcome, code: error?.code }).toEqual({ outcome: 'failed', code: 'assertion-failed' });
  expect(error?.message).toBe('small: 3 rows, such as {"n":7}\nodd: 5 rows, such as {"n":0}');
});

it('a mistake in SQL is quoted with the statement that holds it', async () => {
  const { error } = await perform(bench, anInput(sql(['SELECT 1', 'SELEC 2'])));
  expect(error).toMatchObject({
    code: 'sql-error',
    message: expect.stringContaining('statement 2: SELEC 2'),
  });
});

it('SQL keeps to the cores and the memory of its lease', async () => {
  const run = sql("SELECT current_setting('threads') AS threads, current_setting('memory_limit') AS memory");
  const lease = { resources: { cores: 3, memoryBytes: 1000 * 2 ** 20 } };
  expect((await perform(bench, anInput(run, lease))).outputs).toEqual({ threads: 3, memory: '800.0 MiB' });
});

it('SQL that needs more memory than it has fails as out of memory', async () => {
  const run = sql('SELECT len(list(range)) AS n FROM range(30000000)');
  const { error } = await perform(bench, anInput(run, { resources: { memoryBytes: 250 * 2 ** 20 } }));
  expect(error?.code).toBe('out-of-memory');
});

it('SQL is ended by a cancel, with no process left', async () => {
  const environment = new MockActivityEnvironment();
  const input = anInput(sql('SELECT count(*) FROM range(1000000000) a, range(1000000) b'));
  const ending = perform(bench, { ...input, graceSeconds: 0.2 }, environment);
  await expect.poll(() => bench.groups.get(input.lease.id), { timeout: 10_000 }).toBeDefined();
  environment.cancel('CANCELLED');
  expect(await ending).toMatchObject({ outcome: 'cancelled' });
  expect(await processes(({ group }) => group === bench.groups.get(input.lease.id))).toEqual([]);
});

it('a path with a quote in it stays a path', async () => {
  const workspace = folderWorkspace(join(bench.root, "it's"));
  const { uri } = await workspace.put('in.csv', { bytes: Buffer.from('a\n1\n') });
  const there = aBench({ workspace });
  expect((await perform(there, anInput(sql(`SELECT a FROM '${uri}'`)))).outputs).toEqual({ a: 1 });
  there.dispose();
});
