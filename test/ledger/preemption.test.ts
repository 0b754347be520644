import { expect, it } from 'vitest';
import { taskKey } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aRequest, granted, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres, POLICY, type Store } from './contract.js';

const HOUR_SECONDS = 3_600;

onBothDatabases('Running work', (freshStore) => {
  const open = async () => {
    const store: Store = await freshStore();
    return { store, ledger: await store.open() };
  };
  /** Time goes on, past the minutes in which a task that has just started is safe. */
  const passProtection = ({ clocks }: Store) => {
    clocks.wallMs += ((POLICY.preemption?.protectSeconds ?? 0) + 1) * 1_000;
  };
  const preempts = async (ledger: Ledger) =>
    (await ledger.claimOutbox(100)).filter((item) => item.kind === 'signal' && item.name === 'preempt');
  const leaseStates = async (ledger: Ledger) =>
    (await ledger.listNodes()).flatMap(({ leases }) => leases.map(({ state }) => state));
  const long = { estimateSeconds: HOUR_SECONDS, request: aRequest({ devices: 2 }) };

  it('gives way to a more urgent task, which gets what it frees', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    const first = await low.start('train', long);
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    const waits = await critical.ask('serve', { estimateSeconds: 60 });
    expect(waits).toMatchObject({ kind: 'deferred', position: 1, blockers: [{ code: 'no-capacity' }] });
    expect(waits.kind === 'deferred' && waits.blockers[0]?.detail).toContain('gives way');
    expect(waits.kind === 'deferred' && (waits.etaP50Ms ?? 0) - store.clocks.wallMs).toBeLessThan(60_000);
    expect(await preempts(ledger)).toMatchObject([
      { workflowId: low.id, payload: { leaseId: first.lease.id, fencing: first.lease.fencing } },
    ]);
    expect(await leaseStates(ledger)).toEqual(['preempting']);

    const end = { outcome: 'preempted', lostSeconds: 20 } as const;
    const startedAtMs = store.clocks.wallMs - 121_000;
    const again = { ended: [theEndOf(first, { ...end, startedAtMs, endedAtMs: store.clocks.wallMs })] };
    const { verdicts } = await low.turn({ ...again, ready: [] });
    expect(verdicts).toEqual([]);
    const grant = granted(await critical.ask('serve', { estimateSeconds: 60 }));
    expect(grant.lease.nodeId).toBe('gpu-1');
    const back = await low.ask('train', { ...long, attempt: 2 });
    expect(back).toMatchObject({ kind: 'deferred' });
    await critical.turn({ ended: [theEndOf(grant)] });
    granted(await low.ask('train', { ...long, attempt: 2 }));
  });

  it('is asked once, and no other for the same task, however often that one asks', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    await TestNode.register(ledger, 'gpu-2');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    await low.start('a', long);
    await low.start('b', long);
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    for (let asked = 0; asked < 3; asked += 1) await critical.ask('serve', { estimateSeconds: 60 });
    await ledger.sweepNodes();
    expect(await preempts(ledger)).toHaveLength(1);
    expect((await leaseStates(ledger)).toSorted()).toEqual(['held', 'preempting']);
  });

  it('is told again to give way where the first word had no effect', async () => {
    const { store, ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    const grant = await low.start('a', long);
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    await ledger.sweepNodes();
    store.clocks.monotonicMs += 5_000;
    await node.beat({ running: [running(grant)] });
    await ledger.sweepNodes();
    expect(await preempts(ledger)).toHaveLength(1);
    store.clocks.monotonicMs += 60_000;
    await node.beat({ running: [running(grant)] });
    await ledger.sweepNodes();
    expect(await preempts(ledger)).toHaveLength(1);
  });

  it('in its first minutes is safe, and gives way once they are over, though nobody asks', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    await low.start('a', long);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    await ledger.sweepNodes();
    expect(await leaseStates(ledger)).toEqual(['held']);
    passProtection(store);
    await ledger.sweepNodes();
    expect(await leaseStates(ledger)).toEqual(['preempting']);
  });

  it('that leaves for a task which is withdrawn makes room for whoever is next', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    const first = await low.start('a', long);
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    const other = await TestRun.create(ledger, 'other');
    await other.ask('b');
    await critical.turn({ withdrawn: [{ taskKey: taskKey('serve'), attempt: 1 }] });
    await low.turn({ ended: [theEndOf(first, { outcome: 'preempted' })] });
    granted(await other.ask('b'));
  });

  it('keeps what others may take while it leaves: the room beside it is for the task that it leaves for', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    const first = await low.start('a', { estimateSeconds: HOUR_SECONDS });
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60, request: aRequest({ devices: 2 }) });
    const small = await TestRun.create(ledger, 'small');
    expect(await small.ask('c', { estimateSeconds: 1 })).toMatchObject({ kind: 'deferred' });
    await low.turn({ ended: [theEndOf(first, { outcome: 'preempted' })] });
    granted(await critical.ask('serve', { request: aRequest({ devices: 2 }) }));
  });

  it('that was interrupted comes back before its siblings, with the work that its checkpoint kept', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 1, cores: 1, memoryBytes: 0, slots: 0 },
    });
    const run = await TestRun.create(ledger);
    const grant = await run.start('x[0]', { estimateSeconds: HOUR_SECONDS });
    await run.ask('x[1]', { estimateSeconds: HOUR_SECONDS });
    store.clocks.wallMs += 600_000;
    const end = theEndOf(grant, {
      outcome: 'lost',
      startedAtMs: store.clocks.wallMs - 600_000,
      endedAtMs: store.clocks.wallMs,
      lostSeconds: 60,
    });
    const back = { taskKey: taskKey('x[0]'), attempt: 2, request: aRequest(), features: {} };
    const { verdicts } = await run.turn({
      ended: [end],
      ready: [{ ...back, estimateSeconds: HOUR_SECONDS }],
    });
    expect(verdicts).toMatchObject([{ kind: 'granted', taskKey: 'x[0]', attempt: 2 }]);
  });

  it('is chosen by what it has kept: a fresh checkpoint makes it the cheaper one to stop', async () => {
    const { store, ledger } = await open();
    const [one, two] = [await TestNode.register(ledger, 'gpu-1'), await TestNode.register(ledger, 'gpu-2')];
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    const [first, second] = [await low.start('a', long), await low.start('b', long)];
    passProtection(store);
    passProtection(store);
    await one.beat({ running: [running(first)] });
    await two.beat({ running: [running(second, { checkpointAtMs: store.clocks.wallMs - 1_000 })] });
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    expect(await preempts(ledger)).toMatchObject([{ payload: { leaseId: second.lease.id } }]);
  });

  it('and the task that it gives way to both say so, now and afterwards', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'train', { priorityClass: 'low' });
    await low.start('train', long);
    passProtection(store);
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    const [left] = await ledger.explain(low.id);
    expect(left).toMatchObject({ state: 'running', givesWay: { to: `${critical.id}/serve#1` } });
    expect(left?.now).toContain(`make room for ${critical.id}/serve#1`);
    expect(left?.past.at(-1)).toMatchObject({ kind: 'preempting' });
    expect(left?.past.at(-1)?.sentence).toContain('critical goes before low');
    const [waits] = await ledger.explain(critical.id);
    expect(waits?.now).toContain('others give way for it');
    expect(waits?.past.map(({ kind }) => kind)).toEqual(['promised', 'deferred']);
    expect(waits?.past[0]?.sentence).toContain(`${low.id}/train gives way for it`);
  });
});

onPostgres('Two processes', (freshStore) => {
  it('agree on who goes first: tenants’ use, ranks and loads are the same for both', async () => {
    const store = await freshStore();
    const [one, two] = [await store.open(), await store.open()];
    await TestNode.register(one, 'gpu-1', { capacity: { devices: 1, cores: 1, memoryBytes: 0, slots: 0 } });
    const busy = await TestRun.create(one, 'busy', { tenant: 'lab' });
    const grant = await busy.start('a');
    const lab = await TestRun.create(one, 'second', { tenant: 'lab' });
    await lab.ask('b');
    const guest = await TestRun.create(two, 'guest', { tenant: 'guest' });
    expect(await guest.ask('c', {}, two)).toMatchObject({ kind: 'deferred', position: 1 });
    await busy.turn({ ended: [theEndOf(grant)] }, two);
    granted(await guest.ask('c', {}, one));
    expect(await lab.ask('b', {}, one)).toMatchObject({ kind: 'deferred' });
  });
});
