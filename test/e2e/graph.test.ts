import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetail } from '../../src/api/client/index.js';
import { isFileRef } from '../../src/domain/index.js';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    database: 'pglite',
    nodes: [
      { name: 'cpu-a', pool: 'cpu', cores: 4 },
      { name: 'io-a', pool: 'io' },
    ],
  });
});
afterAll(() => stack?.stop());

/** Runs a pipeline of these tasks to its end. `dir` is the stack's folder. */
async function run(name: string, tasks: string, params = '', values = {}): Promise<RunDetail> {
  const document = `
apiVersion: signalbox/v1
name: ${name}
parameters:
  dir: { type: string }
${params}
tasks:
${tasks}`;
  const id = await stack.submit({ document, params: { dir: stack.folder, ...values } });
  return stack.untilEnded(id);
}

const states = (detail: RunDetail) => Object.fromEntries(detail.tasks.map(({ key, state }) => [key, state]));
const outputs = (detail: RunDetail, key: string) => detail.tasks.find((task) => task.key === key)?.outputs;
const lines = (name: string): string[] => readFileSync(join(stack.folder, name), 'utf8').trim().split('\n');

describe('a pipeline', () => {
  test('passes outputs along a chain over two pools', async () => {
    const detail = await run(
      'chain',
      `
  a: { pool: io, run: { command: 'echo "{\\"n\\": 20}" > $SIGNALBOX_OUTPUT', outputs: [n] } }
  b: { needs: [a], pool: cpu, run: { sql: "SELECT \${{ tasks.a.outputs.n }} + 1 AS n" } }
  c: { needs: [b], pool: cpu, run: { sql: "SELECT \${{ tasks.b.outputs.n }} * 2 AS n" } }`,
    );
    expect(detail.status).toBe('succeeded');
    expect(outputs(detail, 'c')).toEqual({ n: 42 });
    expect(detail.tasks.map(({ queue, node }) => [queue?.split('@')[0], node])).toEqual([
      ['io', 'io-a'],
      ['cpu', 'cpu-a'],
      ['cpu', 'cpu-a'],
    ]);
  });

  test('runs a task once for each item of an earlier output, and hands on what all items gave', async () => {
    const detail = await run(
      'fan-out',
      `
  names: { pool: cpu, run: { sql: "SELECT ['x', 'y', 'z'] AS names" } }
  each:
    needs: [names]
    forEach: \${{ tasks.names.outputs.names }}
    pool: cpu
    run: { sql: "SELECT '\${{ item }}' || \${{ index }} AS label" }
  all: { needs: [each], pool: cpu, run: { sql: "SELECT '\${{ tasks.each.items.map(i, i.outputs.label) }}' AS labels" } }`,
    );
    expect(detail.status).toBe('succeeded');
    expect(Object.keys(states(detail))).toEqual(['names', 'each[0]', 'each[1]', 'each[2]', 'all']);
    expect(outputs(detail, 'all')).toEqual({ labels: '["x0","y1","z2"]' });
  });

  test('skips a task whose condition does not hold', async () => {
    const tasks = `
  always: { pool: cpu, run: { sql: "SELECT 1 AS n" } }
  sometimes: { needs: [always], when: params.wanted, pool: cpu, run: { sql: "SELECT 2 AS n" } }`;
    const params = '  wanted: { type: boolean }';
    expect(states(await run('condition', tasks, params, { wanted: false }))).toEqual({
      always: 'succeeded',
      sometimes: 'skipped',
    });
    expect(states(await run('condition', tasks, params, { wanted: true }))).toEqual({
      always: 'succeeded',
      sometimes: 'succeeded',
    });
  });

  test('hands files on by reference, with their size and checksum', async () => {
    const detail = await run(
      'files',
      `
  write:
    pool: cpu
    run:
      sql: "COPY (SELECT range AS n FROM range(1000)) TO '\${SIGNALBOX_DIR}/numbers.parquet'"
      files: { numbers: numbers.parquet }
  read: { needs: [write], pool: io, run: { sql: "SELECT sum(n)::BIGINT AS total FROM '\${{ tasks.write.outputs.numbers }}'" } }`,
    );
    expect(detail.status).toBe('succeeded');
    expect(isFileRef(outputs(detail, 'write')?.numbers)).toBe(true);
    expect(outputs(detail, 'read')).toEqual({ total: 499500 });
  });

  test('starts one run for the same idempotency key, however often it is sent', async () => {
    const request = {
      document: `
apiVersion: signalbox/v1
name: once
parameters: { dir: { type: string } }
tasks: { only: { pool: io, run: { command: 'echo ran >> \${{ params.dir }}/once' } } }`,
      params: { dir: stack.folder },
    };
    const ids = await Promise.all([1, 2, 3].map(() => stack.submit(request, 'the-same-key')));
    expect(new Set(ids).size).toBe(1);
    await stack.untilEnded(ids[0] as string);
    expect(lines('once')).toEqual(['ran']);
  });
});

describe('a task that fails', () => {
  test('is tried again, as often as it may, and then succeeds', async () => {
    const detail = await run(
      'retry',
      `
  flaky:
    pool: io
    retry: { attempts: 3, initialDelay: 10ms }
    run: { command: 'echo try >> \${{ params.dir }}/tries; test $(wc -l < \${{ params.dir }}/tries) -ge 3' }`,
    );
    expect(detail.status).toBe('succeeded');
    expect(detail.tasks[0]).toMatchObject({ state: 'succeeded', attempt: 3 });
    expect(lines('tries')).toHaveLength(3);
  });

  test('with a final error is not tried again, and what needs it does not run', async () => {
    const detail = await run(
      'final',
      `
  hopeless:
    pool: io
    retry: { attempts: 5, initialDelay: 10ms, final: [exit-7] }
    run: { command: 'echo try >> \${{ params.dir }}/final; exit 7' }
  after: { needs: [hopeless], pool: io, run: { command: 'true' } }`,
    );
    expect(detail.status).toBe('failed');
    expect(detail.error?.message).toContain('hopeless');
    expect(states(detail)).toEqual({ hopeless: 'failed', after: 'skipped' });
    expect(lines('final')).toHaveLength(1);
  });

  test('is replaced by its fallback', async () => {
    const detail = await run(
      'fallback',
      `
  fast: { pool: io, onFailure: { fallback: slow }, run: { command: 'exit 1' } }
  slow: { pool: io, run: { command: 'echo "{\\"way\\": \\"slow\\"}" > $SIGNALBOX_OUTPUT', outputs: [way] } }
  after: { needs: [fast], pool: cpu, run: { sql: "SELECT '\${{ tasks.fast.outputs.way }}' AS way" } }`,
    );
    expect(detail.status).toBe('succeeded');
    expect(outputs(detail, 'after')).toEqual({ way: 'slow' });
  });

  test('has what was done before it undone in reverse order', async () => {
    const step = (name: string, needs: string) => `
  ${name}: { needs: [${needs}], pool: io, onFailure: { compensate: undo_${name} }, run: { command: 'true' } }
  undo_${name}: { pool: io, run: { command: 'echo ${name} >> \${{ params.dir }}/undone' } }`;
    const detail = await run(
      'compensate',
      `${step('one', '')}${step('two', 'one')}${step('three', 'two')}
  last: { needs: [three], pool: io, run: { command: 'exit 1' } }`,
    );
    expect(detail.status).toBe('failed');
    expect(lines('undone')).toEqual(['three', 'two', 'one']);
  });
});

test('a task with the same inputs gives its earlier result without running again', async () => {
  writeFileSync(join(stack.folder, 'cached'), '');
  const tasks = `
  costly:
    cache: true
    pool: io
    run: { command: 'echo ran >> \${{ params.dir }}/cached; echo "{\\"n\\": \${{ params.n }}}" > $SIGNALBOX_OUTPUT', outputs: [n] }`;
  const params = '  n: { type: integer }';
  const first = await run('cache', tasks, params, { n: 1 });
  const second = await run('cache', tasks, params, { n: 1 });
  const third = await run('cache', tasks, params, { n: 2 });
  expect([first, second, third].map((detail) => detail.tasks[0]?.state)).toEqual([
    'succeeded',
    'reused',
    'succeeded',
  ]);
  expect([first, second, third].map((detail) => outputs(detail, 'costly'))).toEqual([
    { n: 1 },
    { n: 1 },
    { n: 2 },
  ]);
  expect(lines('cached')).toHaveLength(2);
});
