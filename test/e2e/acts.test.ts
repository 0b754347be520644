import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processIdentity } from '../../src/embedded/processes.js';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    database: 'postgres',
    nodes: [
      { name: 'gpu-a', pool: 'gpu', devices: 1 },
      { name: 'io-a', pool: 'io' },
    ],
  });
});
afterAll(() => stack?.stop());

const path = (name: string): string => join(stack.folder, name);
const read = (name: string): string =>
  existsSync(path(name)) ? readFileSync(path(name), 'utf8').trim() : '';

/** A pipeline with one task that writes its pid, then waits for a file named `go`. */
const waits = (name: string, pool = 'io', extra = '') => `
apiVersion: signalbox/v1
name: ${name}
parameters: { dir: { type: string } }
tasks:
  hold:
    pool: ${pool}
    ${extra}
    run: { command: 'echo $$ > \${{ params.dir }}/${name}.pid; until [ -e \${{ params.dir }}/${name}.go ]; do sleep 0.1; done' }
  after: { needs: [hold], pool: io, run: { command: 'echo ${name} >> \${{ params.dir }}/after' } }`;

const submit = (document: string, priority?: 'critical' | 'low') =>
  stack.submit({ document, params: { dir: stack.folder }, ...(priority ? { priority } : {}) });

test('a cancelled run ends its running task, process group and all, and never starts the next one', async () => {
  const id = await submit(waits('cancelled', 'io', 'grace: 1s'));
  await expect.poll(() => read('cancelled.pid')).not.toBe('');
  await stack.api.act(id, 'cancel', { reason: 'no longer wanted' });
  const detail = await stack.untilEnded(id);
  expect(detail.status).toBe('cancelled');
  expect(detail.tasks.map(({ key, state }) => [key, state])).toEqual([
    ['hold', 'cancelled'],
    ['after', 'skipped'],
  ]);
  await expect.poll(() => processIdentity(Number(read('cancelled.pid')))).toBeNull();
});

test('a paused run finishes what runs and starts nothing new until it is resumed', async () => {
  const id = await submit(waits('paused'));
  await expect.poll(() => read('paused.pid')).not.toBe('');
  await stack.api.act(id, 'pause', { reason: 'wait for the data' });
  await expect.poll(async () => (await stack.api.getRun(id)).paused).toBe(true);
  writeFileSync(path('paused.go'), '');
  await stack.untilTask(id, 'hold', 'succeeded');
  const waiting = await stack.untilTask(id, 'after', 'waiting');
  expect(waiting.wait?.blockers.map(({ code }) => code)).toContain('run-paused');
  expect(read('after')).not.toContain('paused');
  await stack.api.act(id, 'resume');
  expect((await stack.untilEnded(id)).status).toBe('succeeded');
  expect(read('after')).toContain('paused');
});

test('an urgent run goes before earlier ones when the gpu pool is full, and says why the others wait', async () => {
  const device = 'resources: { gpu: 1 }';
  const holding = await submit(waits('holding', 'gpu', device));
  await expect.poll(() => read('holding.pid')).not.toBe('');
  const quick = (name: string) => `
apiVersion: signalbox/v1
name: ${name}
parameters: { dir: { type: string } }
tasks: { train: { pool: gpu, resources: { gpu: 1 }, run: { command: 'echo ${name} >> \${{ params.dir }}/order' } } }`;
  const early = await submit(quick('early'), 'low');
  await stack.untilTask(early, 'train', 'waiting');
  const urgent = await submit(quick('urgent'), 'critical');
  const blocked = await stack.untilTask(urgent, 'train', 'waiting');
  expect(blocked.wait?.blockers.map(({ code }) => code)).toContain('no-capacity');

  writeFileSync(path('holding.go'), '');
  const ended = await Promise.all([holding, early, urgent].map((id) => stack.untilEnded(id)));
  expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(read('order').split('\n')).toEqual(['urgent', 'early']);
});

test('a task that no node could ever hold is refused at submission, and the largest node is named', async () => {
  const document = `
apiVersion: signalbox/v1
name: too-large
tasks: { train: { pool: gpu, resources: { gpu: 64 }, run: { command: 'true' } } }`;
  await expect(stack.api.startRun({ document })).rejects.toMatchObject({
    code: 'never-fits',
    message: expect.stringContaining('gpu-a'),
  });
});

test('a task waits for its paused pool, then for whoever holds it, and starts when both have let it go', async () => {
  const id = await submit(waits('held'));
  await expect.poll(() => read('held.pid')).not.toBe('');
  const ann = { by: 'ann', reason: 'a test' };
  await stack.api.pausePool('io', ann);
  await stack.api.actOnTask(id, 'after', 'hold', ann);
  writeFileSync(path('held.go'), '');
  await stack.untilTask(id, 'after', 'waiting');
  const reasons = async () =>
    (await stack.api.explain(id, 'after')).explanations[0]?.wait?.blockers.map(({ code }) => code);
  expect(await reasons()).toEqual(['paused', 'held']);
  await stack.api.resumePool('io', ann);
  expect(await reasons()).toEqual(['held']);
  expect(read('after')).not.toContain('held');
  await stack.api.actOnTask(id, 'after', 'release', ann);
  expect((await stack.untilEnded(id)).status).toBe('succeeded');
  expect((await stack.api.explain(id)).acts.map(({ sentence }) => sentence)).toEqual([
    'ann paused pool io: a test',
    'ann held after: a test',
    'ann let pool io go on: a test',
    'ann released after: a test',
  ]);
});
