import { expect, it, vi } from 'vitest';
import { pipelineSchema, runId, taskKey } from '../../src/domain/index.js';
import { aRequest, aSpec, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('A run', (freshStore) => {
  const open = async () => (await freshStore()).open();

  it('is stored with the order to start it, which comes again until it is completed', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    const spec = aSpec();
    await ledger.createRun(spec);
    const [first] = await ledger.claimOutbox(10);
    expect(first).toMatchObject({ kind: 'start-run', spec, tries: 0 });
    expect(await ledger.claimOutbox(10), 'claimed by somebody').toEqual([]);
    expect((await ledger.openRuns())[0]).toMatchObject({ runId: spec.runId, startPending: true });
    store.clocks.wallMs += 60_000;
    const [again] = await ledger.claimOutbox(10);
    expect(again).toMatchObject({ id: first?.id, tries: 1 });
    await ledger.retryOutbox(again?.id as number, 'no Temporal');
    store.clocks.wallMs += 1_000;
    const [third] = await ledger.claimOutbox(10);
    await ledger.completeOutbox([third?.id as number]);
    store.clocks.wallMs += 3_600_000;
    expect(await ledger.claimOutbox(10)).toEqual([]);
    expect((await ledger.openRuns())[0]?.startPending).toBe(false);
  });

  it('wakes the dispatcher once it is stored', async () => {
    const ledger = await open();
    const wake = vi.fn();
    ledger.onOutbox(wake);
    await ledger.createRun(aSpec());
    await expect.poll(() => wake.mock.calls.length).toBeGreaterThan(0);
  });

  it('is one for the same idempotency key, however many ask at once', async () => {
    const ledger = await open();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ledger.createRun(aSpec(), { idempotencyKey: 'once' })),
    );
    expect(new Set(answers.map(({ run }) => run.runId)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await ledger.claimOutbox(100)).toHaveLength(1);
  });

  it('is refused for another request under the same key', async () => {
    const ledger = await open();
    await ledger.createRun(aSpec(), { idempotencyKey: 'once' });
    const other = aSpec('nightly', { params: { day: 2 } });
    await expect(ledger.createRun(other, { idempotencyKey: 'once' })).rejects.toMatchObject({
      code: 'idempotency-conflict',
    });
  });

  it('is refused at submission where no node could ever hold a task of it, naming the largest', async () => {
    const ledger = await open();
    const tasks = { big: { resources: { gpu: 4 }, run: { function: 'train' } } };
    const pipeline = pipelineSchema.parse({ apiVersion: 'signalbox/v1', name: 'big', tasks });
    const spec = aSpec('big', { pipeline });
    await expect(ledger.createRun(spec), 'no gpu node yet: it waits').resolves.toMatchObject({
      created: true,
    });
    await TestNode.register(ledger, 'gpu-1');
    const refused = ledger.createRun({ ...spec, runId: runId('big-2') });
    await expect(refused).rejects.toMatchObject({
      code: 'never-fits',
      problems: [{ path: 'tasks.big.resources' }],
    });
    await expect(refused).rejects.toThrow(/4 devices.*gpu-1.*2 devices/);
    expect(await ledger.getRun(runId('big-2'))).toBeNull();
  });

  it('is forecast when it is submitted: start, finish, cost and deadline', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const now = store.clocks.wallMs;
    const { forecast } = await ledger.createRun(aSpec('nightly', { deadlineAtMs: now + 600_000 }));
    expect(forecast).toMatchObject({
      startAtMs: { p50: now, p90: now },
      finishAtMs: { p50: now + 300_000, p90: now + 3_600_000 },
      deadline: 'at-risk',
    });
    const busy = await TestRun.create(ledger);
    await busy.start('a', { request: aRequest({ devices: 2 }), estimateSeconds: 100 });
    expect((await ledger.forecastRun(aSpec())).startAtMs.p50).toBe(now + 100_000);
  });

  it('is listed newest first, page by page', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    const ids = [];
    for (let index = 0; index < 5; index += 1) {
      store.clocks.wallMs += index % 2;
      ids.push((await ledger.createRun(aSpec())).run.runId);
    }
    const first = await ledger.listRuns({ limit: 3 });
    const rest = await ledger.listRuns({ limit: 3, before: first[2]?.runId as never });
    const seen = [...first, ...rest].map((run) => run.runId);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect([...first, ...rest].map((run) => run.createdAtMs)).toEqual(
      [...first, ...rest].map((run) => run.createdAtMs).toSorted((a, b) => b - a),
    );
  });

  it('is cancelled by a signal to its workflow once that has been started; an unknown one is not found', async () => {
    const ledger = await open();
    const run = await TestRun.create(ledger);
    await ledger.actOnRun(run.id, { act: 'cancel' }, { by: 'ann', reason: 'enough' });
    const [start, ...others] = await ledger.claimOutbox(10);
    expect([start?.kind, others]).toEqual(['start-run', []]);
    await ledger.completeOutbox([start?.id ?? 0]);
    expect((await ledger.claimOutbox(10))[0]).toMatchObject({
      kind: 'signal',
      workflowId: run.id,
      name: 'cancel',
      payload: { reason: 'enough' },
    });
    const unknown = ledger.actOnRun(runId('nobody-1'), { act: 'cancel' }, { by: 'ann', reason: '' });
    await expect(unknown).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is settled by the reconciler where its workflow ended without its last turn', async () => {
    const ledger = await open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.ask('b');
    await ledger.closeRun(run.id, { status: 'cancelled', error: { code: 'terminated', message: 'by hand' } });
    expect(await ledger.getRun(run.id)).toMatchObject({
      status: 'cancelled',
      tasks: [{ state: 'revoked' }, { state: 'withdrawn' }],
    });
    expect(await ledger.openRuns()).toEqual([]);
  });

  it('can say of each task why it waits and why it went where it went', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const low = await TestRun.create(ledger, 'nightly', { priorityClass: 'low' });
    const urgent = await TestRun.create(ledger, 'hotfix', { priorityClass: 'critical' });
    const first = await low.start('train[0]', { request: aRequest({ devices: 2 }), estimateSeconds: 60 });
    await low.ask('train[1]', { request: aRequest({ devices: 2 }) });
    await urgent.ask('fix', { request: aRequest({ devices: 2 }) });
    const [waits] = await ledger.explain(urgent.id);
    expect(waits).toMatchObject({ state: 'waiting', position: 1, etaP50Ms: store.clocks.wallMs + 60_000 });
    expect(waits?.now).toContain(`held by ${low.id}/train[0]`);
    const [behind] = await ledger.explain(low.id, taskKey('train[1]'));
    expect(behind?.levers.map(({ sentence }) => sentence).join('; ')).toContain('ended now: 60 s sooner');
    store.clocks.wallMs += 6_000;
    await low.turn({ ended: [theEndOf(first)] });
    const [went] = await ledger.explain(urgent.id);
    const sentence = went?.past.at(-1)?.sentence;
    expect(sentence).toContain('waited 6 s because gpu-1 has');
    expect(sentence).toContain(
      `went before ${low.id}/train[1], which had come earlier: its class is critical, theirs is low`,
    );
    await expect(ledger.explain(runId('nobody-1'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
