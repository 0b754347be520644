import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processIdentity } from '../../src/embedded/processes.js';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    database: 'pglite',
    // A lost node is noticed within seconds.
    policy: 'test/fixtures/policies/watchful.yaml',
    nodes: [
      { name: 'cpu-a', pool: 'cpu', cores: 1 },
      { name: 'cpu-b', pool: 'cpu', cores: 1 },
    ],
  });
});
afterAll(() => stack?.stop());

const read = (name: string): string[] => {
  const path = join(stack.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
};

/** Each attempt writes its pid and waits for the file `go`. */
const document = `
apiVersion: signalbox/v1
name: survives
parameters: { dir: { type: string } }
tasks:
  before: { pool: cpu, resources: { cpu: 1 }, run: { command: 'echo before >> \${{ params.dir }}/done' } }
  work:
    needs: [before]
    pool: cpu
    resources: { cpu: 1 }
    run: { command: 'echo $$ >> \${{ params.dir }}/pids; until [ -e \${{ params.dir }}/go ]; do sleep 0.1; done; echo work >> \${{ params.dir }}/done' }`;

test('a task whose worker is killed runs again on another node, its old processes are gone, and the run succeeds', async () => {
  const id = await stack.submit({ document, params: { dir: stack.folder } });
  const first = await stack.untilTask(id, 'work', 'running');
  await expect.poll(() => read('pids')).toHaveLength(1);

  await stack.programs.get(first.node ?? '')?.kill();
  await expect.poll(() => processIdentity(Number(read('pids')[0]))).toBeNull();
  await expect.poll(() => read('pids')).toHaveLength(2);
  writeFileSync(join(stack.folder, 'go'), '');

  const detail = await stack.untilEnded(id);
  expect(detail.status).toBe('succeeded');
  expect(detail.tasks.find(({ key }) => key === 'work')?.node).not.toBe(first.node);
  expect(read('done')).toEqual(['before', 'work']);
});

test('a killed worker that comes back takes work again, and nothing is held that nobody uses', async () => {
  for (const program of stack.programs.values()) {
    if (processIdentity(program.pid()) === null) await program.start();
  }
  const nodes = () => stack.api.listNodes().then(({ nodes }) => nodes);
  await expect.poll(async () => (await nodes()).map(({ state }) => state)).toEqual(['active', 'active']);
  await expect.poll(async () => (await nodes()).flatMap(({ leases }) => leases)).toEqual([]);
  const id = await stack.submit({ document, params: { dir: stack.folder } });
  expect((await stack.untilEnded(id)).status).toBe('succeeded');
});
