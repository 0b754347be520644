import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ database: 'pglite', nodes: [{ name: 'cpu-a', pool: 'cpu', cores: 2 }] });
});
afterAll(() => stack?.stop());

/** One that outgrows its memory slowly enough to be moved, and one that asks for too much at once and is killed. */
const DOCUMENT = (program: string) => `
apiVersion: signalbox/v1
name: hungry
tasks:
  creeps:
    pool: cpu
    resources: { cpu: 1, memoryBytes: 200MiB }
    grace: 5s
    run: { command: ["${program}", "-e", "\${{ params.creep }}"] }
  jumps:
    pool: cpu
    resources: { cpu: 1, memoryBytes: 200MiB }
    run: { command: ["${program}", "-e", "\${{ params.jump }}"] }
parameters: { creep: { type: string }, jump: { type: string } }`;

const MIB = 2 ** 20;
const CREEP = `
  const fs = require('fs'), saved = process.env.SIGNALBOX_CHECKPOINT_DIR + '/step';
  if (process.env.SIGNALBOX_RESUME) process.exit(fs.readFileSync(saved, 'utf8') === '7' ? 0 : 1);
  process.on('SIGTERM', () => { fs.writeFileSync(saved, '7'); process.exit(1); });
  const all = [];
  setInterval(() => { if (all.length < 38) all.push(Buffer.alloc(${4 * MIB}, 1)); }, 200);`;
const JUMP = `
  const all = Buffer.alloc(${210 * MIB}, 1);
  setTimeout(() => process.exit(all[0] - 1), 1500);`;

test('a task that outgrows its memory is moved to a larger slot before it is killed, one that is killed gets more', async () => {
  const id = await stack.submit({
    document: DOCUMENT(process.execPath),
    params: { creep: CREEP, jump: JUMP },
  });
  const { status, tasks } = await stack.untilEnded(id);
  expect(status).toBe('succeeded');
  const grown = { attempt: 2, state: 'succeeded', request: { memoryBytes: 320 * MIB } };
  expect(tasks).toMatchObject([
    { key: 'creeps', ...grown },
    { key: 'jumps', ...grown },
  ]);
  const { explanations } = await stack.api.explain(id);
  const past = explanations.flatMap(({ past }) => past.map(({ kind }) => kind));
  expect(past.filter((kind) => kind.includes('memory')).sort()).toEqual(['memory-pressure', 'out-of-memory']);
});
