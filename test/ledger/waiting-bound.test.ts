import { expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/index.js';
import type { Policy } from '../../src/planner/index.js';
import { aRequest, granted, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, POLICY } from './contract.js';

const MINUTE_MS = 60_000;
/** Size alone decides until somebody has waited too long, or must start to meet a deadline. */
const BY_SIZE: Policy = { ...POLICY, order: ['class', 'size'], deadlines: 'lift' };
const whole = aRequest({ devices: 2 });
const asLarge = { request: whole, estimateSeconds: 36_000 };
const asSmall = { request: whole, estimateSeconds: 1 };

onBothDatabases('The bound on waiting', (freshStore) => {
  const open = async () => {
    const store = await freshStore();
    const ledger = await store.open(BY_SIZE);
    const node = await TestNode.register(ledger, 'gpu-1');
    return { store, ledger, node };
  };
  /** Runs of ten minutes are what the pool knows, so its patience is half an hour; one holds it, a large and then a small one wait. */
  const crowd = async () => {
    const { store, ledger, node } = await open();
    const { clocks } = store;
    const before = await TestRun.create(ledger, 'before');
    const first = await before.start('train');
    const startedAtMs = clocks.wallMs;
    clocks.wallMs += 10 * MINUTE_MS;
    const ended = [theEndOf(first, { startedAtMs, endedAtMs: clocks.wallMs })];
    await before.turn({ ended, end: { status: 'succeeded' } });
    const busy = await TestRun.create(ledger, 'busy');
    const grant = await busy.start('train', { request: whole, estimateSeconds: 60 });
    const large = await TestRun.create(ledger, 'large');
    await large.ask('train', asLarge);
    clocks.wallMs += 10 * MINUTE_MS;
    const small = await TestRun.create(ledger, 'small');
    await small.ask('train', asSmall);
    const free = (by = ledger) => busy.turn({ ended: [theEndOf(grant)] }, by);
    return { store, ledger, node, large, small, free };
  };
  const preempts = async (ledger: Ledger) =>
    (await ledger.claimOutbox(100)).filter((item) => item.kind === 'signal' && item.name === 'preempt');

  it('lets a task that has waited too long go before a smaller one', async () => {
    const { store, ledger, large, small, free } = await crowd();
    expect(await large.ask('train', asLarge)).toMatchObject({ position: 2 });
    store.clocks.wallMs += 19 * MINUTE_MS;
    expect(await large.ask('train', asLarge)).toMatchObject({ position: 2 });
    store.clocks.wallMs += 2 * MINUTE_MS;
    expect(await large.ask('train', asLarge)).toMatchObject({ position: 1 });
    await free();
    granted(await large.ask('train', asLarge));
    expect(await small.ask('train', asSmall)).toMatchObject({ kind: 'deferred' });
    expect(await preempts(ledger)).toEqual([]);
  });

  it('is the same after a restart', async () => {
    const { store, ledger, large, free } = await crowd();
    await ledger.close();
    const again = await store.open(BY_SIZE);
    store.clocks.wallMs += 19 * MINUTE_MS;
    expect(await large.ask('train', asLarge, again)).toMatchObject({ position: 2 });
    store.clocks.wallMs += 2 * MINUTE_MS;
    expect(await large.ask('train', asLarge, again)).toMatchObject({ position: 1 });
    await free(again);
    granted(await large.ask('train', asLarge, again));
  });

  it('grows with what first come, first served would make wait, not with what has long been running', async () => {
    const { store, ledger, large } = await crowd();
    store.clocks.wallMs += 10 * 60 * MINUTE_MS;
    await ledger.sweepNodes();
    const later = await TestRun.create(ledger, 'later');
    await later.ask('train', asLarge);
    store.clocks.wallMs += 60 * MINUTE_MS;
    const last = await TestRun.create(ledger, 'last');
    await last.ask('train', asSmall);
    expect(await later.ask('train', asLarge)).toMatchObject({ position: 4 });
    expect(await large.ask('train', asLarge)).toMatchObject({ position: 1 });
  });

  it('keeps what was granted for having waited too long from giving way to smaller work, after a restart too', async () => {
    const { store, ledger, node, large, free } = await crowd();
    store.clocks.wallMs += 21 * MINUTE_MS;
    await free();
    const grant = granted(await large.ask('train', asLarge));
    store.clocks.wallMs += 11 * MINUTE_MS;
    await node.beat({ running: [running(grant, { checkpointAtMs: store.clocks.wallMs })] });
    const tiny = await TestRun.create(ledger, 'tiny');
    await tiny.ask('train', asSmall);
    await ledger.sweepNodes();
    expect(await preempts(ledger)).toEqual([]);
    await ledger.close();
    const again = await store.open(BY_SIZE);
    await again.sweepNodes();
    expect(await preempts(again)).toEqual([]);
  });

  it('alone protects it: large work that nobody had waited for gives way', async () => {
    const { store, ledger, node } = await open();
    const large = await TestRun.create(ledger, 'large');
    const grant = await large.start('train', asLarge);
    store.clocks.wallMs += 11 * MINUTE_MS;
    await node.beat({ running: [running(grant, { checkpointAtMs: store.clocks.wallMs })] });
    const tiny = await TestRun.create(ledger, 'tiny');
    await tiny.ask('train', asSmall);
    expect(await preempts(ledger)).toHaveLength(1);
  });

  it('lets overdue work of a lower class keep no hardware from an overdue urgent task', async () => {
    const { store, ledger, large, free } = await crowd();
    store.clocks.wallMs += 21 * MINUTE_MS;
    await free();
    granted(await large.ask('train', asLarge));
    const urgent = await TestRun.create(ledger, 'urgent', { priorityClass: 'critical' });
    await urgent.ask('train', asSmall);
    expect(await preempts(ledger)).toEqual([]);
    store.clocks.wallMs += 31 * MINUTE_MS;
    await ledger.sweepNodes();
    expect(await preempts(ledger)).toHaveLength(1);
  });

  it('yields to a deadline that is set while the task waits, until it is moved again', async () => {
    const { store, large } = await crowd();
    const ask = async (deadlineAtMs: number) => {
      await large.turn({ deadlineAtMs });
      return large.ask('train', asLarge);
    };
    expect(await ask(store.clocks.wallMs + MINUTE_MS)).toMatchObject({ position: 1 });
    expect(await ask(store.clocks.wallMs + 10_000 * MINUTE_MS)).toMatchObject({ position: 2 });
  });
});
