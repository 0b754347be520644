import { expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/index.js';
import { aRequest, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, type Store } from './contract.js';

const MINUTE_MS = 60_000;

onBothDatabases('Work that is not kept', (freshStore) => {
  const open = async () => {
    const store: Store = await freshStore();
    return { store, ledger: await store.open() };
  };
  const whole = { estimateSeconds: 3_600, request: aRequest({ devices: 2 }) };
  const nowOf = async (ledger: Ledger, run: TestRun) => (await ledger.explain(run.id)).at(-1)?.now;
  const taskOf = async (ledger: Ledger, run: TestRun) => (await ledger.getRun(run.id))?.tasks[0];

  it('is said of a running task: all since its start without a checkpoint, else what came after it', async () => {
    const { store, ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('train', whole);
    store.clocks.wallMs += 12 * MINUTE_MS;
    expect(await nowOf(ledger, run)).toContain('stopped now it would lose all since its start, 12 min');
    expect((await taskOf(ledger, run))?.unsaved).toEqual({ seconds: 720, checkpointAtMs: null });
    const checkpointAtMs = store.clocks.wallMs - 2 * MINUTE_MS;
    await node.beat({ running: [running(grant, { checkpointAtMs })] });
    expect(await nowOf(ledger, run)).toContain('its last checkpoint keeps all but 2 min');
    expect((await taskOf(ledger, run))?.unsaved).toEqual({ seconds: 120, checkpointAtMs });
  });

  it('adds up over the attempts of a task, also where a worker went away without a word', async () => {
    const { store, ledger } = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const first = await run.start('train', whole);
    const times = (beganAtMs: number) => ({ startedAtMs: beganAtMs, endedAtMs: store.clocks.wallMs });
    let beganAtMs = store.clocks.wallMs;
    store.clocks.wallMs += 5 * MINUTE_MS;
    await run.turn({
      ended: [theEndOf(first, { outcome: 'preempted', lostSeconds: 30, ...times(beganAtMs) })],
    });
    const second = await run.start('train', { ...whole, attempt: 2 });
    beganAtMs = store.clocks.wallMs;
    store.clocks.wallMs += 5 * MINUTE_MS;
    const checkpointAtMs = store.clocks.wallMs - MINUTE_MS;
    await node.beat({ running: [running(second, { checkpointAtMs })] });
    const gone = { outcome: 'lost', startedAtMs: null, endedAtMs: store.clocks.wallMs } as const;
    await run.turn({ ended: [theEndOf(second, gone)] });
    await run.start('train', { ...whole, attempt: 3 });
    expect((await taskOf(ledger, run))?.lostSeconds).toBe(90);
    const past = (await ledger.explain(run.id)).flatMap(({ past }) => past.map(({ sentence }) => sentence));
    expect(past.filter((sentence) => sentence.includes('of work'))).toEqual([
      expect.stringContaining('lost 30 s of work'),
      expect.stringContaining('lost 60 s of work'),
    ]);
  });

  it('is learned: a task that saves its work when it is asked to leave is expected to lose less', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'gpu-1');
    for (let before = 0; before < 3; before += 1) {
      const run = await TestRun.create(ledger);
      const grant = await run.start('train', whole);
      const startedAtMs = store.clocks.wallMs;
      store.clocks.wallMs += 5 * MINUTE_MS;
      const end = {
        outcome: 'preempted',
        lostSeconds: 0,
        startedAtMs,
        endedAtMs: store.clocks.wallMs,
      } as const;
      await run.turn({ ended: [theEndOf(grant, end)] });
      await run.turn({ end: { status: 'cancelled' } });
    }
    await ledger.forecasterStatus();
    const low = await TestRun.create(ledger, 'nightly', { priorityClass: 'low' });
    await low.start('train', whole);
    store.clocks.wallMs += 10 * MINUTE_MS;
    expect(await nowOf(ledger, low)).toContain('asked to leave, it has saved about 75% of that before');
    const critical = await TestRun.create(ledger, 'serve', { priorityClass: 'critical' });
    await critical.ask('serve', { estimateSeconds: 60 });
    const [left] = await ledger.explain(low.id);
    // On two devices a quarter of ten minutes, and the minute of stopping and resuming that the policy counts.
    expect(left?.past.at(-1)?.sentence).toContain('the other loses about 7 min');
  });
});
