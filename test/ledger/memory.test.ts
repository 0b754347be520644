import { expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/index.js';
import { aRequest, granted, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

const GIB = 1024 ** 3;
const asks = (gib: number) => ({ request: aRequest({ memoryBytes: gib * GIB }) });

onBothDatabases('A task that needs more memory than it leases', (freshStore) => {
  const open = async () => (await freshStore()).open();
  const aNode = (ledger: Ledger, name: string, gib: number) =>
    TestNode.register(ledger, name, {
      capacity: { devices: 2, cores: 8, memoryBytes: gib * GIB, slots: 0 },
    });
  const pressed = { memoryBytes: 1.9 * GIB, memoryFullInSeconds: 8 };
  const outOfMemory = {
    outcome: 'failed',
    error: { code: 'out-of-memory', message: 'It held too much.' },
    usage: { peakMemoryBytes: 2.2 * GIB, cpuSeconds: 1 },
  } as const;
  const pastOf = async (run: TestRun, kind: string) =>
    (await run.ledger.explain(run.id)).flatMap(({ past }) => past).filter((event) => event.kind === kind);

  it('and is about to is asked to leave, and its next attempt gets more', async () => {
    const ledger = await open();
    const node = await aNode(ledger, 'gpu-1', 16);
    const run = await TestRun.create(ledger);
    const grant = await run.start('train', asks(2));
    const answer = await node.beat({ running: [running(grant, pressed)] });
    expect(answer).toMatchObject({ stop: [], leave: [grant.lease.id] });
    expect(answer.why?.[grant.lease.id]).toContain('more memory');
    const [signal] = await ledger
      .claimOutbox(100)
      .then((items) => items.filter((item) => item.kind === 'signal'));
    expect(signal).toMatchObject({ name: 'preempt', payload: { leaseId: grant.lease.id } });
    expect((await ledger.explain(run.id))[0]?.now).toContain('move to where there is more memory');

    const end = theEndOf(grant, { outcome: 'preempted', lostSeconds: 1 });
    await run.turn({ ended: [end] });
    const next = await run.start('train', { attempt: 2, ...asks(2) });
    expect(next.lease.resources.memoryBytes).toBe(3 * GIB);
    const [told] = await pastOf(run, 'memory-pressure');
    expect(told?.sentence).toContain(
      'held 1.9 GiB of memory and was about to exceed its 2 GiB of memory (in 8 s)',
    );
    expect(told?.sentence).toContain('its next attempt gets 3 GiB');
  });

  it('and is about to is left alone, and said so once, where no node has more', async () => {
    const ledger = await open();
    const node = await aNode(ledger, 'gpu-1', 2);
    const run = await TestRun.create(ledger);
    const grant = await run.start('train', asks(2));
    for (let beats = 0; beats < 3; beats += 1)
      expect(await node.beat({ running: [running(grant, pressed)] })).toEqual({ stop: [], stale: false });
    const told = await pastOf(run, 'memory-pressure');
    expect(told.map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining('left alone, no live node that may run it has more'),
    ]);
  });

  it('and is about to is left alone where its earlier attempts never held more', async () => {
    const ledger = await open();
    const node = await aNode(ledger, 'gpu-1', 16);
    for (let before = 0; before < 5; before += 1) {
      const run = await TestRun.create(ledger);
      const usage = { peakMemoryBytes: 1.8 * GIB, cpuSeconds: 1 };
      await run.turn({ ended: [theEndOf(await run.start('train', asks(2)), { usage })] });
    }
    await ledger.forecasterStatus();
    const run = await TestRun.create(ledger);
    const grant = await run.start('train', asks(2));
    expect(await node.beat({ running: [running(grant, pressed)] })).toEqual({ stop: [], stale: false });
    expect((await pastOf(run, 'memory-pressure'))[0]?.sentence).toContain('never held more than 1.8 GiB');
  });

  it('and dies of it gets more in all later attempts, at most what the largest node has', async () => {
    const ledger = await open();
    await aNode(ledger, 'gpu-1', 4);
    const run = await TestRun.create(ledger);
    const first = await run.start('train', asks(2));
    await run.turn({ ended: [theEndOf(first, outOfMemory)] });
    const second = await run.start('train', { attempt: 2, ...asks(2), wantsMoreMemory: true });
    expect(second.lease.resources.memoryBytes).toBe(3 * GIB);
    const usage = { peakMemoryBytes: 3.1 * GIB, cpuSeconds: 1 };
    await run.turn({ ended: [theEndOf(second, { ...outOfMemory, usage })] });
    const third = await run.start('train', { attempt: 3, ...asks(2), wantsMoreMemory: true });
    expect(third.lease.resources.memoryBytes).toBe(4 * GIB);
    expect(await pastOf(run, 'out-of-memory')).toMatchObject([
      { sentence: 'had 2 GiB of memory; its next attempts ask for 3 GiB of memory' },
      { sentence: 'had 3 GiB of memory; its next attempts ask for 4 GiB of memory' },
    ]);
  });

  it('and dies of it is refused more where no node has it; an ordinary attempt it gets all the same', async () => {
    const ledger = await open();
    await aNode(ledger, 'gpu-1', 2);
    const run = await TestRun.create(ledger);
    await run.turn({ ended: [theEndOf(await run.start('train', asks(2)), outOfMemory)] });
    expect(await run.ask('train', { attempt: 2, ...asks(2), wantsMoreMemory: true })).toMatchObject({
      kind: 'rejected',
      blockers: [{ code: 'no-larger-slot', detail: expect.stringContaining('gpu-1, has 2 GiB') }],
    });
    granted(await run.ask('train', { attempt: 3, ...asks(2) }));
  });
});
