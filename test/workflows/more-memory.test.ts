import { afterAll, beforeAll, expect, test } from 'vitest';
import { testNamespace } from '../support/temporal.js';
import { aGrant, type Rig, startRig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(await testNamespace());
});
afterAll(() => rig?.stop());

test('a task that ran out of memory asks for more at once; where there is none it has failed, and is tried as its document says', async () => {
  const asked: (readonly [number, boolean])[] = [];
  rig.answer = ({ ready }) =>
    ready.map((task) => {
      asked.push([task.attempt, task.wantsMoreMemory ?? false]);
      const { taskKey, attempt } = task;
      const blockers = [{ code: 'no-larger-slot', detail: 'no node has more' }] as const;
      return attempt === 3 ? { kind: 'rejected', taskKey, attempt, revision: 1, blockers } : aGrant(task);
    });
  rig.work = async ({ attempt }) =>
    attempt < 4 ? { outcome: 'failed', error: { code: 'out-of-memory', message: 'It held too much.' } } : {};
  const handle = await rig.start({ a: { retry: { attempts: 2, initialDelay: '100ms' } } });
  expect(await handle.result()).toMatchObject({ status: 'succeeded' });
  expect(asked).toEqual([
    [1, false],
    [2, true],
    [3, true],
    [4, false],
  ]);
});
