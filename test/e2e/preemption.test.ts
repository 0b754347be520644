import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    database: 'postgres',
    policy: 'test/fixtures/policies/giving-way.yaml',
    nodes: [{ name: 'gpu-a', pool: 'gpu', devices: 1 }],
  });
});
afterAll(() => stack?.stop());

const read = (name: string): string => {
  const path = join(stack.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};

/** A training that saves its step when it is asked to leave, and is done as soon as it goes on from there. */
const TRAINING = `
apiVersion: signalbox/v1
name: training
parameters: { dir: { type: string } }
tasks:
  train:
    pool: gpu
    estimate: 1h
    grace: 5s
    run:
      command: |
        if [ -f "$SIGNALBOX_CHECKPOINT_DIR/step" ]; then
          echo "resume=$SIGNALBOX_RESUME step=$(cat "$SIGNALBOX_CHECKPOINT_DIR/step")" > \${{ params.dir }}/resumed
          exit 0
        fi
        trap 'echo 7 > "$SIGNALBOX_CHECKPOINT_DIR/step"; exit 1' TERM
        echo yes > \${{ params.dir }}/training
        while true; do sleep 0.1; done`;

const URGENT = `
apiVersion: signalbox/v1
name: urgent
parameters: { dir: { type: string } }
tasks:
  serve: { pool: gpu, estimate: 1s, run: { command: 'echo yes > \${{ params.dir }}/served' } }`;

test('a training of a low class gives way to a critical run, and goes on from its checkpoint', async () => {
  const params = { dir: stack.folder };
  const training = await stack.submit({ document: TRAINING, params, priority: 'low' });
  await expect.poll(() => read('training')).toBe('yes');
  const urgent = await stack.submit({ document: URGENT, params, priority: 'critical' });

  expect((await stack.untilEnded(urgent)).status).toBe('succeeded');
  expect(read('served')).toBe('yes');
  const ended = await stack.untilEnded(training);
  expect(ended.status).toBe('succeeded');
  expect(ended.tasks).toMatchObject([{ key: 'train', attempt: 2, state: 'succeeded' }]);
  // It saved its work when it was asked to leave, though it had kept none before.
  expect(ended.tasks[0]?.lostSeconds).toBeLessThan(3);
  expect(read('resumed')).toBe('resume=1 step=7');

  const { explanations: left } = await stack.api.explain(training, 'train');
  expect(left[0]).toMatchObject({ attempt: 1, state: 'preempted' });
  const asked = left[0]?.past.find(({ kind }) => kind === 'preempting');
  expect(asked?.sentence).toContain(`make room for ${urgent}/serve: critical goes before low`);
  const { explanations: won } = await stack.api.explain(urgent, 'serve');
  const promised = won[0]?.past.find(({ kind }) => kind === 'promised');
  expect(promised?.sentence).toContain(`${training}/train gives way for it`);
});
