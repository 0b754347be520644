import { expect, it } from 'vitest';
import { NOTHING } from '../../src/domain/index.js';
import { aSlot, granted, running, TestNode, TestRun } from './builders.js';
import { onBothDatabases, type Store } from './contract.js';

onBothDatabases('A worker that lies', (freshStore) => {
  const open = async () => {
    const store: Store = await freshStore();
    return { store, ledger: await store.open() };
  };
  const taskOf = async ({ ledger, id }: TestRun, key: string) =>
    (await ledger.getRun(id))?.tasks.find(({ taskKey }) => taskKey === key);

  it('about a lease that it never had is told to stop it and why; the rest of its word counts', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const invented = { ...running(grant), leaseId: 'lease-of-nobody', fencing: 1 };
    const answer = await node.beat({ running: [invented, running(grant, { progress: 0.5 })] });
    expect(answer).toEqual({
      stop: ['lease-of-nobody'],
      stale: false,
      why: { 'lease-of-nobody': expect.stringContaining('no such lease') },
    });
    expect((await taskOf(run, 'a'))?.progress).toBe(0.5);
  });

  it('about a lease of another node changes nothing of it: neither its progress nor its checkpoint', async () => {
    const { store, ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const liar = await TestNode.register(ledger, 'gpu-2');
    await node.beat({ running: [running(grant, { progress: 0.25 })] });
    const said = running(grant, { progress: 0.99, checkpointAtMs: store.clocks.wallMs });
    const answer = await liar.beat({ running: [said], ended: [{ ...said, endedAtMs: 0 }] });
    expect(answer.why).toEqual({ [grant.lease.id]: 'It is a lease on gpu-1.' });
    expect(await taskOf(run, 'a')).toMatchObject({ progress: 0.25, state: 'running' });
    expect(await node.beat({ running: [running(grant)] })).toEqual({ stop: [], stale: false });
  });

  it('of the same task twice in one heartbeat counts once', async () => {
    const { ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const twice = [running(grant, { progress: 0.5 }), running(grant, { progress: 0.5 })];
    expect(await node.beat({ running: twice })).toEqual({ stop: [], stale: false });
    expect((await taskOf(run, 'a'))?.progress).toBe(0.5);
  });

  it('about its name, having copied the folder of another, takes over; the first one hears that it is replaced', async () => {
    const { ledger } = await open();
    const first = await TestNode.register(ledger, 'gpu-1', { bootId: 'the first worker' });
    const copy = await TestNode.register(ledger, 'gpu-1', { bootId: 'the second worker' });
    const of = ({ request: { bootId } }: TestNode) => ({ bootId });
    expect(await first.beat(of(first))).toEqual({ stop: [], stale: true, replaced: true });
    expect(await copy.beat(of(copy))).toEqual({ stop: [], stale: false });
    // One that was slow to register and does so again is no other worker.
    await copy.start();
    expect(await copy.beat({ ...of(copy), incarnation: copy.incarnation - 1 })).toEqual({
      stop: [],
      stale: true,
    });
  });

  it('and runs more bare slots than it registered is told to stop what is too much', async () => {
    const { ledger } = await open();
    const small = await TestNode.register(ledger, 'io-1', { pool: 'io', capacity: { ...NOTHING, slots: 1 } });
    await TestNode.register(ledger, 'io-2', { pool: 'io', capacity: { ...NOTHING, slots: 4 } });
    const run = await TestRun.create(ledger);
    const grants = [
      granted(await run.ask('a', { request: aSlot() })),
      granted(await run.ask('b', { request: aSlot() })),
    ];
    const answer = await small.beat({ running: grants.map((grant) => running(grant)) });
    expect(answer.stop).toEqual([grants[1]?.lease.id]);
    expect(Object.values(answer.why ?? {})).toEqual([expect.stringContaining('io-1 registered too little')]);
    const [first] = await ledger.listNodes({ pool: 'io' });
    expect(first?.used.slots).toBe(1);
  });
});
