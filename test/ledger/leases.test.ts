import { expect, it } from 'vitest';
import { aRequest, aSlot, granted, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, POLICY, type Store } from './contract.js';

const FENCED_MS = (POLICY.selfFenceSeconds + POLICY.graceSeconds + POLICY.heartbeatSeconds) * 1_000;

onBothDatabases('A lease', (freshStore) => {
  const open = async () => {
    const store: Store = await freshStore();
    return { store, ledger: await store.open() };
  };
  const devicesInUse = async (ledger: Awaited<ReturnType<Store['open']>>, name = 'gpu-1') =>
    (await ledger.listNodes()).find(({ id }) => id === name)?.used.devices;

  it('is not free after a mere timeout, only when its node says that the process has ended', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.turn({ ended: [theEndOf(grant, { outcome: 'lost', processEnded: false, startedAtMs: null })] });
    expect(await run.ask('b')).toMatchObject({ kind: 'deferred' });
    expect(await node.beat({ running: [running(grant)] })).toMatchObject({
      stop: [],
      leave: [grant.lease.id],
      stale: false,
    });
    const { id, fencing } = grant.lease;
    await node.beat({ ended: [{ leaseId: id, fencing, endedAtMs: 1_800_000_020_000 }] });
    expect(await run.ask('b')).toMatchObject({ kind: 'granted' });
  });

  it('is free when its node starts anew with its key, and its workflow hears that it is gone', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    await node.start();
    expect(node.incarnation).toBe(2);
    expect(await devicesInUse(ledger)).toBe(0);
    const items = await ledger.claimOutbox(10);
    expect(items).toContainEqual(
      expect.objectContaining({
        name: 'revoke',
        workflowId: run.id,
        payload: expect.objectContaining({ taskKey: 'a', revision: grant.revision + 1 }),
      }),
    );
  });

  it('of an older fencing number does nothing: neither its end nor its heartbeat counts', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const old = { ...running(grant), fencing: grant.lease.fencing - 1 };
    expect(await node.beat({ running: [old], ended: [{ ...old, endedAtMs: 0 }] })).toMatchObject({
      stop: [grant.lease.id],
      stale: false,
    });
    expect(await devicesInUse(ledger)).toBe(1);
  });

  it('cannot be ended by another node, and one that a node never had is to stop', async () => {
    const { ledger } = await open();
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 1, cores: 1, memoryBytes: 0, slots: 0 },
    });
    const liar = await TestNode.register(ledger, 'gpu-2');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    expect(grant.lease.nodeId, 'best fit').toBe('gpu-1');
    const answer = await liar.beat({
      running: [running(grant)],
      ended: [{ ...running(grant), endedAtMs: 0 }],
    });
    expect(answer.stop).toEqual([grant.lease.id]);
    expect(await devicesInUse(ledger)).toBe(1);
  });

  it('of a silent node is revoked at its self-fence deadline and free only after the grace', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.start('a');
    await ledger.sweepNodes();
    store.clocks.monotonicMs += POLICY.selfFenceSeconds * 1_000;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]).toMatchObject({ state: 'lost', used: { devices: 1 } });
    expect((await ledger.getRun(run.id))?.tasks[0]?.state).toBe('revoked');
    store.clocks.monotonicMs = FENCED_MS;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]).toMatchObject({ state: 'lost', used: { devices: 0 } });
  });

  it('of a node that still beats survives any jump of the wall clock', async () => {
    const { store, ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const grant = await (await TestRun.create(ledger)).start('a');
    await ledger.sweepNodes();
    store.clocks.wallMs += 3_600_000;
    store.clocks.monotonicMs += POLICY.selfFenceSeconds * 1_000;
    await node.beat({ running: [running(grant)] });
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]).toMatchObject({ state: 'active', used: { devices: 1 } });
  });

  it('on bare slots binds to the node that runs it, and another that claims it is to stop', async () => {
    const { ledger } = await open();
    const [one, two] = [
      await TestNode.register(ledger, 'io-1', { pool: 'io' }),
      await TestNode.register(ledger, 'io-2', { pool: 'io' }),
    ];
    const run = await TestRun.create(ledger);
    const grant = await run.start('fetch', { request: aSlot() });
    expect(grant.lease).toMatchObject({ nodeId: null, taskQueue: 'io' });
    expect(await one.beat({ running: [running(grant, { progress: 0.5 })] })).toEqual({
      stop: [],
      stale: false,
    });
    expect(await two.beat({ running: [running(grant)] })).toMatchObject({
      stop: [grant.lease.id],
      stale: false,
    });
    expect((await ledger.getRun(run.id))?.tasks[0]).toMatchObject({ nodeId: 'io-1' });
  });

  it('on bare slots counts against all slots of the pool until a node reports it', async () => {
    const { ledger } = await open();
    const capacity = { devices: 0, cores: 0, memoryBytes: 0, slots: 1 };
    await TestNode.register(ledger, 'io-1', { pool: 'io', capacity });
    await TestNode.register(ledger, 'io-2', { pool: 'io', capacity });
    const run = await TestRun.create(ledger);
    const verdicts = [];
    for (const name of ['a', 'b', 'c']) verdicts.push(await run.ask(name, { request: aSlot() }));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['granted', 'granted', 'deferred']);
  });

  it('on bare slots that no node ran is free once each node has beaten twice without it', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'io-1', {
      pool: 'io',
      capacity: { devices: 0, cores: 0, memoryBytes: 0, slots: 1 },
    });
    const run = await TestRun.create(ledger);
    const grant = await run.start('a', { request: aSlot() });
    await run.turn({
      ended: [
        theEndOf(grant, { outcome: 'cancelled', nodeId: null, startedAtMs: null, processEnded: false }),
      ],
    });
    await ledger.sweepNodes();
    await node.beat();
    await ledger.sweepNodes();
    expect(await run.ask('b', { request: aSlot() })).toMatchObject({ kind: 'deferred' });
    await node.beat();
    await ledger.sweepNodes();
    expect(await run.ask('b', { request: aSlot() })).toMatchObject({ kind: 'granted' });
  });

  it('goes to no draining node, and to no other holder of a live node name', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    await node.beat({ draining: true });
    const run = await TestRun.create(ledger);
    expect(await run.ask('a')).toMatchObject({ kind: 'deferred', blockers: [{ code: 'no-node' }] });
    await expect(TestNode.register(ledger, 'gpu-1', { nodeKey: 'another secret key' })).rejects.toMatchObject(
      {
        code: 'node-taken',
      },
    );
    await node.beat({ draining: false });
    granted((await run.turn({ askAgain: true })).verdicts[0]);
  });

  it('of an older incarnation makes its worker register anew', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    await node.start();
    expect(await node.beat({ incarnation: 1 })).toEqual({ stop: [], stale: true });
    expect(await node.beat({ nodeKey: 'not the key of this node' })).toEqual({ stop: [], stale: true });
  });
});
