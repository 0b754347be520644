import { expect, it } from 'vitest';
import { runId, taskKey } from '../../src/domain/index.js';
import { aReadyTask, aRequest, aSpec, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('A turn of a run', (freshStore) => {
  it('grants what fits, with a lease on the node and its devices', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('train', { request: aRequest({ devices: 2 }) });
    expect(grant.lease).toMatchObject({
      nodeId: 'gpu-1',
      incarnation: 1,
      devices: [0, 1],
      taskQueue: 'gpu@gpu-1',
    });
  });

  it('answers the same turn again with the same lease, also when asked with more in it', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const first = await run.start('a');
    const again = await run.turn({ ready: [aReadyTask('a'), aReadyTask('b')] });
    expect(again.verdicts[0]).toEqual(first);
    expect(again.verdicts[1]).toMatchObject({ kind: 'granted', taskKey: 'b' });
  });

  it('keeps everything over a restart of the process', async () => {
    const store = await freshStore();
    const before = await store.open();
    await TestNode.register(before, 'gpu-1');
    const run = await TestRun.create(before);
    const grant = await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.ask('b');
    await before.close();
    const after = await store.open();
    expect(await run.ask('a', {}, after)).toEqual(grant);
    const { verdicts } = await run.turn({ ended: [theEndOf(grant)], askAgain: true }, after);
    expect(verdicts).toMatchObject([{ kind: 'granted', taskKey: 'b', lease: { devices: [0] } }]);
  });

  it('defers what does not fit with its reasons, its place and an interval for its start', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.start('a', { request: aRequest({ devices: 2 }), estimateSeconds: 60 });
    const verdict = await run.ask('b');
    expect(verdict).toMatchObject({ kind: 'deferred', position: 1, blockers: [{ code: 'no-capacity' }] });
    expect(verdict.kind === 'deferred' && verdict.blockers[0]?.detail).toContain(`${run.id}/a`);
    expect(verdict.kind === 'deferred' && verdict.etaP50Ms).toBe(1_800_000_060_000);
  });

  it('signals the grant to a waiting run when another one makes room', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const [first, second] = [await TestRun.create(ledger), await TestRun.create(ledger)];
    const grant = await first.start('a', { request: aRequest({ devices: 2 }) });
    await second.ask('b');
    await first.turn({ ended: [theEndOf(grant)] });
    const items = await ledger.claimOutbox(10);
    const signal = items.find((item) => item.kind === 'signal');
    expect(signal).toMatchObject({
      workflowId: second.id,
      name: 'grant',
      payload: { kind: 'granted', taskKey: 'b', revision: 2 },
    });
    expect(await second.ask('b')).toEqual(signal?.kind === 'signal' && signal.payload);
  });

  it('tells a run that asks again of grants whose signal it may have lost', async () => {
    const ledger = await (await freshStore()).open();
    const run = await TestRun.create(ledger);
    expect(await run.ask('a')).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'no-node' }],
      etaP50Ms: null,
    });
    await TestNode.register(ledger, 'gpu-1');
    const { verdicts } = await run.turn({ askAgain: true });
    expect(verdicts).toMatchObject([{ kind: 'granted', taskKey: 'a' }]);
  });

  it('settles an attempt once, however often its end is told', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const end = theEndOf(grant, { outputs: { loss: 0.5 } });
    await run.turn({ ended: [end] });
    await run.turn({ ended: [end, theEndOf(grant, { outcome: 'failed' })] });
    const detail = await ledger.getRun(run.id);
    expect(detail?.tasks).toMatchObject([{ state: 'succeeded', outputs: { loss: 0.5 }, ranSeconds: 10 }]);
    const [explanation] = await ledger.explain(run.id);
    expect(explanation?.past.map(({ kind }) => kind)).toEqual(['granted', 'ended']);
  });

  it('learns from what has ended: the next forecast rests on it', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    for (const name of ['x[0]', 'x[1]', 'x[2]']) {
      await run.turn({ ended: [theEndOf(await run.start(name))] });
    }
    await new Promise((learned) => setImmediate(learned));
    const { forecast } = await run.start('x[3]');
    expect(forecast.observations).toBe(3);
    expect(forecast.p50Seconds).toBeCloseTo(10);
  });

  it('reuses a result whose inputs were the same', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const [first, second] = [await TestRun.create(ledger), await TestRun.create(ledger)];
    const grant = await first.start('a', { cacheInputs: 'v1' });
    await first.turn({ ended: [theEndOf(grant, { outputs: { n: 3 } })] });
    const same = await second.ask('a', { cacheInputs: 'v1' });
    expect(same).toMatchObject({ kind: 'reused', outputs: { n: 3 }, fromRunId: first.id });
    expect(await second.ask('a', { attempt: 2, cacheInputs: 'v2' })).toMatchObject({ kind: 'granted' });
  });

  it('rejects what no registered node could ever hold, naming the largest', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const verdict = await run.ask('huge', { request: aRequest({ devices: 3 }) });
    expect(verdict).toMatchObject({ kind: 'rejected', blockers: [{ code: 'never-fits' }] });
    expect(verdict.kind === 'rejected' && verdict.blockers[0]?.detail).toContain('gpu-1');
  });

  it('forgets a waiting attempt that its run withdraws, and frees a grant that crossed with the withdrawal', async () => {
    const ledger = await (await freshStore()).open();
    const run = await TestRun.create(ledger);
    await run.ask('a');
    await TestNode.register(ledger, 'gpu-1');
    const { verdicts } = await run.turn({ withdrawn: [{ taskKey: taskKey('a'), attempt: 1 }] });
    expect(verdicts).toMatchObject([{ kind: 'revoked', revision: 3 }]);
    expect((await ledger.listNodes())[0]?.used.devices).toBe(0);
  });

  it('does not grant the waiting tasks of a paused run, which keep their place', async () => {
    const ledger = await (await freshStore()).open();
    const run = await TestRun.create(ledger);
    await run.ask('a');
    run.paused = true;
    await run.turn();
    await TestNode.register(ledger, 'gpu-1');
    expect(await run.ask('a')).toMatchObject({ kind: 'deferred', blockers: [{ code: 'run-paused' }] });
    run.paused = false;
    expect(await run.ask('a')).toMatchObject({ kind: 'granted' });
  });

  it('ends a run with its last turn and withdraws what still waits', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.ask('b');
    const end = { status: 'failed', error: { code: 'exit-1', message: 'train failed' } } as const;
    await run.turn({ end });
    await run.turn({ end });
    expect(await ledger.getRun(run.id)).toMatchObject({
      status: 'failed',
      error: { message: 'train failed' },
      tasks: [{ state: 'revoked' }, { state: 'withdrawn' }],
    });
    expect(await ledger.openRuns()).toEqual([]);
    expect((await ledger.listNodes())[0]?.used.devices, 'its process may still live').toBe(2);
  });

  it('keeps text that the database cannot hold as near as it can', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    const outputs = { nul: 'a\u0000b', half: '\ud800', path: 'C:\\u0000', whole: '😀' };
    await run.turn({ ended: [theEndOf(grant, { outputs })] });
    expect((await ledger.getRun(run.id))?.tasks[0]?.outputs).toEqual({
      nul: 'a\ufffdb',
      half: '\ufffd',
      path: 'C:\\u0000',
      whole: '😀',
    });
  });

  it('does not know runs of another ledger', async () => {
    const ledger = await (await freshStore()).open();
    const stranger = new TestRun(ledger, aSpec('nobody', { runId: runId('nobody-1') }));
    await expect(stranger.ask('a')).rejects.toMatchObject({ code: 'not-found' });
  });
});
