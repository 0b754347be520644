import { expect, it } from 'vitest';
import type { EventRecord } from '../../src/ledger/index.js';
import { aReadyTask, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('The log of events', (freshStore) => {
  it('says what an attempt cost, and what of that was for work that must be done again', async () => {
    const { open } = await freshStore();
    const ledger = await open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('train');
    const endedAtMs = 1_800_000_000_000 + 3_600_000;
    const end = theEndOf(grant, { outcome: 'preempted', endedAtMs, lostSeconds: 360 });
    await run.turn({ ended: [end] });
    const { events } = await ledger.listEvents({ runId: run.id, kind: 'ended', limit: 10 });
    const { detail, sentence } = events[0] as EventRecord;
    expect(Number(detail.lostMicroUsd)).toBeCloseTo(Number(detail.costMicroUsd) / 10, -1);
    expect(sentence).toMatch(/lost 6 min of work \(\d+\.\d\d USD\); cost \d+\.\d\d USD/);
  });

  it('says when hardware that was taken back is free', async () => {
    const { open } = await freshStore();
    const ledger = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('train');
    await node.beat({ running: [running(grant)] });
    await ledger.closeRun(run.id, { status: 'cancelled' });
    const { id: leaseId, fencing } = grant.lease;
    await node.beat({ ended: [{ leaseId, fencing, endedAtMs: 1_800_000_010_000 }] });
    const { events } = await ledger.listEvents({ runId: run.id, limit: 50 });
    expect(events.map(({ kind }) => kind)).toEqual([
      'run-created',
      'granted',
      'revoked',
      'run-ended',
      'released',
    ]);
    expect(events.at(-1)?.sentence).toBe('its hardware is free: its process has ended');
  });

  it('says again why somebody waits once the reasons are other ones, and not before', async () => {
    const { open } = await freshStore();
    const ledger = await open();
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.turn({ ready: ['a', 'b', 'c'].map((name) => aReadyTask(name)) });
    await run.turn({ askAgain: true });
    const waits = async () =>
      (await ledger.listEvents({ runId: run.id, kind: 'deferred', limit: 50 })).events.length;
    expect(await waits()).toBe(1);
    await node.beat({ draining: true });
    await run.turn({ askAgain: true });
    await run.turn({ askAgain: true });
    expect(await waits()).toBe(2);
    await node.beat({ draining: false });
    const { events } = await ledger.listEvents({ last: 1, limit: 50, kind: 'node-active' });
    expect(events[0]?.sentence).toBe('takes work again');
  });
});
