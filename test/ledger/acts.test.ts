import { expect, it } from 'vitest';
import { nodeId, pipelineSchema, type RunSpec, taskKey } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aReadyTask, claimAll, granted, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres } from './contract.js';

const ANN = { by: 'ann', reason: 'look first' };
const BO = { by: 'bo', reason: 'looked' };
const TRAIN = taskKey('train');
const GPU_2 = nodeId('gpu-2');

/** A run of a task, and of a fan-out of two. */
const tasks: Partial<RunSpec> = {
  pipeline: pipelineSchema.parse({
    apiVersion: 'signalbox/v1',
    name: 'nightly',
    tasks: {
      train: { pool: 'gpu', resources: { gpu: 1 }, run: { function: 'train' } },
      sweep: { pool: 'gpu', resources: { gpu: 1 }, forEach: [1, 2], run: { function: 'sweep' } },
      large: { pool: 'gpu', resources: { gpu: 2 }, run: { function: 'large' } },
    },
  }),
};
const aRun = (ledger: Ledger, over: Partial<RunSpec> = {}) =>
  TestRun.create(ledger, 'nightly', { ...tasks, ...over });
const signals = async (ledger: Ledger) =>
  (await claimAll(ledger)).flatMap((item) => (item.kind === 'signal' ? [item.name] : []));
const sentences = async (ledger: Ledger, run: TestRun, task?: string) =>
  (await ledger.listActs(run.id, task === undefined ? undefined : taskKey(task))).map(
    ({ sentence }) => sentence,
  );

onBothDatabases('A task that a person holds', (freshStore) => {
  it('waits from the start until it is released, over a restart, and says who holds it', async () => {
    const store = await freshStore();
    const first = await store.open();
    await TestNode.register(first, 'gpu-1');
    const run = await aRun(first);
    expect(await first.actOnTask(run.id, TRAIN, { act: 'hold' }, ANN)).toMatchObject({ changed: true });
    await first.close();
    const ledger = await store.open();
    expect(await run.ask('train', {}, ledger)).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'held', detail: expect.stringMatching(/^ann holds train since .*: look first$/) }],
      etaP50Ms: null,
    });
    expect(await signals(ledger)).toEqual([]);
    await ledger.actOnTask(run.id, TRAIN, { act: 'release' }, BO);
    expect(await signals(ledger)).toEqual(['grant']);
    expect(await sentences(ledger, run, 'train')).toEqual([
      'ann held train: look first',
      'bo released train: looked',
    ]);
    expect(await sentences(ledger, run, 'sweep[0]')).toEqual([]);
  });

  it('goes on with the attempt that runs; the next one is held', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await aRun(ledger);
    const attempt = await run.start('train');
    const { sentence } = await ledger.actOnTask(run.id, TRAIN, { act: 'hold' }, ANN);
    expect(sentence).toBe(
      'train is held until somebody releases it. One attempt of it runs on: the hold is for what starts after that.',
    );
    const { verdicts } = await run.turn({
      ended: [theEndOf(attempt, { outcome: 'failed' })],
      ready: [aReadyTask('train', { attempt: 2 })],
    });
    expect(verdicts).toMatchObject([{ kind: 'deferred', attempt: 2, blockers: [{ code: 'held' }] }]);
  });

  it('is one item of a fan-out, or all of them, also those to come', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await aRun(ledger);
    const act = (name: string, what: 'hold' | 'release', who = ANN) =>
      ledger.actOnTask(run.id, taskKey(name), { act: what }, who);
    await act('sweep[1]', 'hold');
    expect(await run.ask('sweep[0]')).toMatchObject({ kind: 'granted' });
    expect(await run.ask('sweep[1]')).toMatchObject({ kind: 'deferred' });
    await act('sweep', 'hold', BO);
    expect(await act('sweep', 'release')).toEqual({
      changed: true,
      sentence: 'sweep is held no more. By themselves sweep[1] is still held.',
    });
    expect((await act('sweep[1]', 'release')).changed).toBe(true);
    expect(await run.ask('sweep[1]')).toMatchObject({ kind: 'granted' });
    await act('sweep', 'hold', BO);
    expect((await act('sweep[1]', 'release')).sentence).toContain('is held with all of sweep, by bo');
  });

  it('must be one that the run can have; an act twice, or on what has ended, changes nothing', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await aRun(ledger);
    const hold = (name: string) => ledger.actOnTask(run.id, taskKey(name), { act: 'hold' }, ANN);
    const refused = (message: string) => ({ code: 'not-found', message: expect.stringContaining(message) });
    await expect(hold('trian')).rejects.toMatchObject(refused('no task trian (did you mean train?)'));
    await expect(hold('train[0]')).rejects.toMatchObject(refused('train of nightly'));
    await expect(hold('sweep[2]')).rejects.toMatchObject(refused('has 2 items, 0 to 1'));
    const release = () => ledger.actOnTask(run.id, TRAIN, { act: 'release' }, BO);
    expect(await release()).toEqual({ changed: false, sentence: 'train was not held.' });
    await hold('train');
    expect(await hold('train')).toMatchObject({ changed: false });
    await release();
    await run.turn({ ended: [theEndOf(await run.start('train'))] });
    expect(await hold('train')).toMatchObject({ changed: false, sentence: expect.stringContaining('ended') });
    expect(await sentences(ledger, run)).toHaveLength(2);
    await run.turn({ end: { status: 'succeeded' } });
    await expect(hold('large')).rejects.toMatchObject({ code: 'run-over' });
  });
});

onBothDatabases('A task that a person pins', (freshStore) => {
  it('goes to its node and nowhere else, until it is unpinned', async () => {
    const ledger = await (await freshStore()).open();
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(ledger, name);
    const run = await aRun(ledger);
    await ledger.actOnTask(run.id, taskKey('sweep'), { act: 'pin', nodeId: GPU_2 }, ANN);
    await run.start('large', { request: { pool: 'gpu', devices: 1, cores: 0, memoryBytes: 0, slots: 0 } });
    for (const item of ['sweep[0]', 'sweep[1]']) expect((await run.start(item)).lease.nodeId).toBe('gpu-2');
    const third = await run.ask('sweep[2]');
    expect(third).toMatchObject({
      blockers: [{ code: 'pinned', detail: 'pinned to gpu-2 by ann: look first' }, { code: 'no-capacity' }],
    });
    await signals(ledger);
    await ledger.actOnTask(run.id, taskKey('sweep'), { act: 'unpin' }, BO);
    expect(await signals(ledger)).toEqual(['grant']);
    expect(await sentences(ledger, run)).toEqual([
      'ann pinned sweep to gpu-2: look first',
      'bo unpinned sweep from gpu-2: looked',
    ]);
  });

  it('waits for a node that takes no work, and is refused where the node could never hold it', async () => {
    const ledger = await (await freshStore()).open();
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(ledger, name);
    const small = { capacity: { devices: 1, cores: 1, memoryBytes: 0, slots: 1 } };
    await TestNode.register(ledger, 'small', small);
    await TestNode.register(ledger, 'io-1', { pool: 'io' });
    const run = await aRun(ledger);
    const pin = (task: string, node: string) =>
      ledger.actOnTask(run.id, taskKey(task), { act: 'pin', nodeId: nodeId(node) }, ANN);
    const refused = (message: string) => ({ message: expect.stringContaining(message) });
    await expect(pin('train', 'gpu-3')).rejects.toMatchObject(refused('no node gpu-3 (did you mean gpu-1?)'));
    await expect(pin('train', 'io-1')).rejects.toMatchObject(refused('io-1 is of pool io'));
    await expect(pin('large', 'small')).rejects.toMatchObject(
      refused('small can never hold large: it asks for 2 devices, and small has 1 device.'),
    );
    await ledger.drainNode(GPU_2, BO);
    expect((await pin('train', 'gpu-2')).sentence).toContain('gpu-2 is draining now');
    expect(await run.ask('train')).toMatchObject({
      blockers: [{ code: 'pinned', detail: expect.stringContaining('that node is draining') }],
    });
    expect(await sentences(ledger, run)).toEqual(['ann pinned train to gpu-2: look first']);
  });
});

onBothDatabases('An act on a run', (freshStore) => {
  it('is on record with who, why, from what to what; asked again before the run has obeyed, it is sent again', async () => {
    const ledger = await (await freshStore()).open();
    const run = await aRun(ledger);
    await signals(ledger);
    const act = (order: Parameters<Ledger['actOnRun']>[1], who = ANN) => ledger.actOnRun(run.id, order, who);
    expect(await act({ act: 'resume' })).toEqual({ changed: false, sentence: `${run.id} was not paused.` });
    await act({ act: 'pause' });
    await act({ act: 'resume' }, BO);
    await act({ act: 'priority', priorityClass: 'high' });
    expect(await signals(ledger)).toEqual(['pause', 'resume', 'setPriority']);
    run.priorityClass = 'high';
    await run.turn();
    expect(await act({ act: 'priority', priorityClass: 'high' })).toMatchObject({ changed: false });
    await act({ act: 'cancel' }, BO);
    expect(await sentences(ledger, run)).toEqual([
      'ann paused the run: look first',
      'bo let the run go on: looked',
      "ann changed the run's priority from normal to high: look first",
      'bo asked the run to stop: looked',
    ]);
  });

  it('sets its deadline for good: no turn and no reset of its workflow brings the old one back', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const soonMs = store.clocks.wallMs + 1_000;
    const laterMs = store.clocks.wallMs + 86_400_000;
    const run = await aRun(ledger, { deadlineAtMs: soonMs });
    const shown = async () => (await ledger.getRun(run.id))?.deadlineAtMs;
    const set = (deadlineAtMs: number | null) =>
      ledger.actOnRun(run.id, { act: 'deadline', deadlineAtMs }, ANN);
    await run.turn({ deadlineAtMs: soonMs });
    expect(await set(laterMs)).toMatchObject({ changed: true });
    expect(await set(laterMs)).toMatchObject({ changed: false });
    await ledger.sweepNodes();
    expect((await ledger.getRun(run.id))?.outlook?.deadline).toBe('feasible');
    run.executionId = 'execution-2';
    await run.turn({ deadlineAtMs: soonMs });
    expect(await shown()).toBe(laterMs);
    await set(null);
    await run.turn({ deadlineAtMs: soonMs });
    expect(await shown()).toBeNull();
    await expect(set(store.clocks.wallMs)).rejects.toMatchObject({ code: 'invalid-request' });
    expect((await sentences(ledger, run))[1]).toMatch(
      /^ann changed the run's deadline from .* UTC to none: /,
    );
  });

  it('on a pool or a node is told of the runs that asked for them while they were open', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await aRun(ledger);
    await run.start('train');
    await ledger.pause('pool:gpu', ANN, null);
    await ledger.pause('pool:io', ANN, null);
    await ledger.drainNode(nodeId('gpu-1'), BO);
    await ledger.resume('pool:gpu', BO);
    expect(await sentences(ledger, run, 'train')).toEqual([
      'ann paused pool gpu: look first',
      'bo drained gpu-1: looked',
      'bo let pool gpu go on: looked',
    ]);
  });
});

onPostgres('Orders', (freshStore) => {
  it('given to one process hold in another', async () => {
    const store = await freshStore();
    const [here, there] = [await store.open(), await store.open()];
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(here, name);
    const run = await aRun(here);
    expect(await run.ask('sweep[0]', {}, there)).toMatchObject({ kind: 'granted' });
    await here.actOnTask(run.id, TRAIN, { act: 'hold' }, ANN);
    await here.actOnTask(run.id, TRAIN, { act: 'pin', nodeId: GPU_2 }, ANN);
    expect(await run.ask('train', {}, there)).toMatchObject({ blockers: [{ code: 'held' }] });
    await there.actOnTask(run.id, TRAIN, { act: 'release' }, BO);
    const { verdicts } = await run.turn({ askAgain: true }, here);
    const train = verdicts.find(({ taskKey }) => taskKey === TRAIN);
    expect(granted(train).lease.nodeId).toBe('gpu-2');
  });
});
