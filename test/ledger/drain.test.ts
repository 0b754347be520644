import { expect, it } from 'vitest';
import { nodeId } from '../../src/domain/index.js';
import { TestNode, TestRun } from './builders.js';
import { onBothDatabases } from './contract.js';

const ANN = { by: 'ann', reason: 'a fan is loud' };
const BO = { by: 'bo', reason: 'fixed' };
const GPU_1 = nodeId('gpu-1');

onBothDatabases('A node that a person drains', (freshStore) => {
  it('takes no new work, also over a restart of its worker and of the ledger', async () => {
    const store = await freshStore();
    const first = await store.open();
    const node = await TestNode.register(first, 'gpu-1');
    const run = await TestRun.create(first);
    await run.start('before');
    expect(await first.drainNode(GPU_1, ANN)).toMatchObject({ changed: true });
    expect(await first.drainNode(GPU_1, ANN)).toMatchObject({ changed: false });
    expect(await run.ask('train')).toMatchObject({ kind: 'deferred', blockers: [{ code: 'no-node' }] });
    await node.beat();
    await first.close();
    const ledger = await store.open();
    await ledger.registerNode(node.request);
    expect(await ledger.listNodes()).toMatchObject([{ state: 'draining', drained: ANN }]);
    expect(await run.ask('train', {}, ledger)).toMatchObject({ kind: 'deferred' });
    expect(await ledger.undrainNode(GPU_1, BO)).toMatchObject({ changed: true });
    expect(await run.ask('train', {}, ledger)).toMatchObject({ kind: 'granted' });
  });

  it('takes none either while its own worker is about to stop, whoever says so first', async () => {
    const ledger = await (await freshStore()).open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const state = async () => (await ledger.listNodes())[0]?.state;
    await node.beat({ draining: true });
    await ledger.drainNode(GPU_1, ANN);
    await node.beat({ draining: false });
    expect(await state()).toBe('draining');
    await node.beat({ draining: true });
    const { sentence } = await ledger.undrainNode(GPU_1, BO);
    expect(sentence).toBe('gpu-1 is not drained any more. Its worker is about to stop.');
    expect(await state()).toBe('draining');
    await node.beat({ draining: false });
    expect(await state()).toBe('active');
  });

  it('must be one that there is', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    await expect(ledger.drainNode(nodeId('gpu-11'), ANN)).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no node gpu-11 (did you mean gpu-1?).',
    });
    expect(await ledger.undrainNode(GPU_1, BO)).toEqual({
      changed: false,
      sentence: 'gpu-1 was not drained by a person.',
    });
  });
});
