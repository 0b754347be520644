import { expect, it } from 'vitest';
import { running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('A lease that is taken back', (freshStore) => {
  const aHeldDevice = async () => {
    const ledger = await (await freshStore()).open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const devicesInUse = async () => (await ledger.listNodes())[0]?.used.devices;
    return { ledger, node, run, grant, devicesInUse };
  };

  it('before its node ever began it: the node refuses it for good, says so, and its hardware is free', async () => {
    const { ledger, node, run, grant, devicesInUse } = await aHeldDevice();
    await ledger.closeRun(run.id, { status: 'cancelled' });
    expect(await devicesInUse(), 'its activity may be on its way').toBe(1);
    const { id, fencing } = grant.lease;
    expect(await node.beat()).toMatchObject({ refuse: [{ leaseId: id, fencing }], stale: false });
    expect(await devicesInUse(), 'what the node has heard it has not yet done').toBe(1);
    await node.beat({ ended: [{ leaseId: id, fencing, endedAtMs: 1 }] });
    expect(await devicesInUse()).toBe(0);
    expect((await node.beat()).refuse ?? []).toEqual([]);
  });

  it('while it runs leaves with its grace, is not refused, and free when its process has ended', async () => {
    const { ledger, node, run, grant, devicesInUse } = await aHeldDevice();
    await ledger.closeRun(run.id, { status: 'cancelled' });
    const { id, fencing } = grant.lease;
    const answer = await node.beat({ running: [running(grant)] });
    expect(answer).toMatchObject({ stop: [], leave: [id] });
    expect(answer.refuse ?? []).toEqual([]);
    expect(await devicesInUse()).toBe(1);
    await node.beat({ ended: [{ leaseId: id, fencing, endedAtMs: 1 }] });
    expect(await devicesInUse()).toBe(0);
  });

  it('is not free because a late grant of it is handed back: its process may live', async () => {
    const { node, run, grant, devicesInUse } = await aHeldDevice();
    await node.beat({ running: [running(grant)] });
    await run.turn({ ended: [theEndOf(grant, { outcome: 'lost', processEnded: false, startedAtMs: null })] });
    await run.turn({
      ended: [theEndOf(grant, { outcome: 'cancelled', processEnded: true, startedAtMs: null })],
    });
    expect(await devicesInUse()).toBe(1);
    expect((await node.beat({ running: [running(grant)] })).leave).toEqual([grant.lease.id]);
  });
});
