import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.js';

const RUNS = 4;
const STEPS = 6;
/** Moments after the previous start at which a process is killed, in ms: spread over start-up and work. */
const MOMENTS = [50, 1_900, 700, 2_600, 1_300];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ database: 'postgres', nodes: [{ name: 'io-a', pool: 'io' }] });
});
afterAll(() => stack?.stop());

/** A chain in which each step notes that it ran. */
const document = [
  'apiVersion: signalbox/v1',
  'name: chain',
  'parameters: { dir: { type: string }, run: { type: integer } }',
  'tasks:',
  ...Array.from(
    { length: STEPS },
    (_, step) =>
      `  s${step}: { needs: [${step === 0 ? '' : `s${step - 1}`}], pool: io, run: { command: 'sleep 0.5; echo \${{ params.run }}/s${step} >> \${{ params.dir }}/ran' } }`,
  ),
].join('\n');

test('control and API are killed again and again: every run succeeds, and nothing that finished runs twice', async () => {
  const runs = await Promise.all(
    Array.from({ length: RUNS }, (_, run) =>
      stack.submit({ document, params: { dir: stack.folder, run } }, `run-${run}`),
    ),
  );
  for (const [index, afterMs] of MOMENTS.entries()) {
    const victim = stack.programs.get(index % 2 === 0 ? 'control' : 'api');
    await delay(afterMs);
    await victim?.kill();
    await victim?.start();
  }
  const ended = await Promise.all(runs.map((id) => stack.untilEnded(id)));
  expect(ended.map(({ status }) => status)).toEqual(Array(RUNS).fill('succeeded'));

  const expected = Array.from({ length: RUNS }, (_, run) =>
    Array.from({ length: STEPS }, (_, step) => `${run}/s${step}`),
  ).flat();
  expect(readFileSync(join(stack.folder, 'ran'), 'utf8').trim().split('\n').sort()).toEqual(expected.sort());
  await expect
    .poll(async () => (await stack.api.listNodes()).nodes.flatMap(({ leases }) => leases), {
      timeout: 30_000,
    })
    .toEqual([]);
});
