import { expect, it } from 'vitest';
import { ANYWHERE, type Placement } from '../../src/domain/index.js';
import { readPolicy } from '../../src/planner/index.js';
import { aRequest, granted, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

const HOUR_MS = 3_600_000;

/** A policy of arrival alone with these sections more. */
const aPolicy = (more: string) =>
  readPolicy(`
apiVersion: signalbox/v1
kind: Policy
name: trial
order: [class]
lookAhead: 50
pools:
  gpu: { prior: { p50Seconds: 300, p90Seconds: 3600 } }
  cpu: { prior: { p50Seconds: 30, p90Seconds: 600 } }
  io: { prior: { p50Seconds: 5, p90Seconds: 120 } }
graceSeconds: 10
heartbeatSeconds: 2
selfFenceSeconds: 15
${more}`);

const placed = (over: Partial<Placement>) => ({ placement: { ...ANYWHERE, ...over } });

onBothDatabases('A task', (freshStore) => {
  it('goes only to a node that has the labels it asks for', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const labelled = placed({ labels: { kind: 'h200' } });
    expect(await run.ask('a', labelled)).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'no-node', detail: expect.stringContaining('kind=h200') }],
    });
    await TestNode.register(ledger, 'gpu-2', { labels: { kind: 'h200' } });
    expect(granted(await run.ask('a', labelled)).lease.nodeId).toBe('gpu-2');
  });

  it('never runs beside what it wants to be apart from, also after a restart', async () => {
    const store = await freshStore();
    const first = await store.open();
    await TestNode.register(first, 'gpu-1');
    const run = await TestRun.create(first);
    await run.start('noisy', placed({ tags: ['noisy'] }));
    await first.close();
    const ledger = await store.open();
    expect(await run.ask('quiet', placed({ apart: ['noisy'] }), ledger)).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'kept-apart' }],
    });
  });

  it('that lists several places goes to the first with room, and holds what it asks for there', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 1, cores: 4, memoryBytes: 0, slots: 0 },
    });
    await TestNode.register(ledger, 'cpu-1', { pool: 'cpu' });
    const [request, there] = [aRequest(), aRequest({ pool: 'cpu', devices: 0, cores: 8 })];
    const run = await TestRun.create(ledger);
    const options = [
      { request, speed: 1 },
      { request: there, speed: 0.5 },
    ] as const;
    const asked = { request, options, estimateSeconds: 600 };
    expect((await run.start('a', asked)).lease.nodeId).toBe('gpu-1');
    const second = await run.start('b', asked);
    expect(second.lease).toMatchObject({ nodeId: 'cpu-1', resources: { cores: 8 }, taskQueue: 'cpu@cpu-1' });
    expect(await run.ask('c', asked)).toMatchObject({ kind: 'deferred' });
    await run.turn({ ended: [theEndOf(second)] });
    expect(granted(await run.ask('c', asked)).lease.nodeId).toBe('cpu-1');
  });

  it('waits for a named limit of the policy over all pools, and goes when there is room in it', async () => {
    const ledger = await (await freshStore()).open(aPolicy('limits: { warehouse: 2 }'));
    await TestNode.register(ledger, 'gpu-1');
    await TestNode.register(ledger, 'cpu-1', { pool: 'cpu' });
    const run = await TestRun.create(ledger);
    const asked = placed({ limits: { warehouse: 2 } });
    const first = await run.start('a', asked);
    const core = { ...asked, request: aRequest({ pool: 'cpu', devices: 0, cores: 1 }) };
    expect(await run.ask('b', core)).toMatchObject({ blockers: [{ code: 'limit-reached' }] });
    await run.turn({ ended: [theEndOf(first)] });
    const items = await ledger.claimOutbox(10);
    expect(items).toContainEqual(expect.objectContaining({ name: 'grant', workflowId: run.id }));
  });

  it('gets the class, the labels and the pools that a rule of the policy gives it', async () => {
    const rule = `route: { rules: [{ name: nights, when: 'task.pipeline == "nightly"', pools: [cpu], labels: { zone: b }, priorityClass: batch }] }`;
    const ledger = await (await freshStore()).open(aPolicy(rule));
    await TestNode.register(ledger, 'cpu-1', { pool: 'cpu' });
    await TestNode.register(ledger, 'cpu-2', { pool: 'cpu', labels: { zone: 'b' } });
    const run = await TestRun.create(ledger);
    const { lease } = await run.start('a', { request: aRequest({ devices: 0, cores: 1 }) });
    expect(lease.nodeId).toBe('cpu-2');
    const [explanation] = await ledger.explain(run.id);
    expect(JSON.stringify(explanation?.past)).toContain('cpu-2');
  });

  it('is held until its window opens, and then goes though nobody asks', async () => {
    // The clock of the tests stands at Friday, 15 January 2027, 08:00 UTC.
    const window = `windows: [{ name: evenings, when: 'task.priority == "batch"', opens: '0 20 * * *', hours: 8, heldAtMostHours: 48 }]`;
    const store = await freshStore();
    const ledger = await store.open(aPolicy(window));
    const node = await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger, 'night', { priorityClass: 'batch' });
    expect(await run.ask('a')).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'window-closed' }],
      heldUntilMs: store.clocks.wallMs + 12 * HOUR_MS,
      etaP50Ms: store.clocks.wallMs + 12 * HOUR_MS,
    });
    await ledger.sweepNodes();
    expect((await ledger.getRun(run.id))?.tasks[0]?.state).toBe('waiting');
    store.clocks.wallMs += 12 * HOUR_MS;
    await node.beat();
    await ledger.sweepNodes();
    expect((await ledger.getRun(run.id))?.tasks[0]?.state).toBe('running');
  });

  it('is held by a hold of the policy with its reason', async () => {
    const hold = `holds: [{ name: freeze, when: 'task.tenant == "default"', reason: 'the cluster moves' }]`;
    const ledger = await (await freshStore()).open(aPolicy(hold));
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const verdict = await run.ask('a');
    expect(verdict).toMatchObject({ kind: 'deferred', blockers: [{ code: 'held' }], etaP50Ms: null });
    expect(verdict.kind === 'deferred' && verdict.blockers[0]?.detail).toContain('the cluster moves');
  });

  it('goes once a policy is in force that no longer holds it', async () => {
    const store = await freshStore();
    const hold = `holds: [{ name: freeze, when: 'task.tenant == "default"', reason: 'the cluster moves' }]`;
    const before = await store.open(aPolicy(hold));
    await TestNode.register(before, 'gpu-1');
    const run = await TestRun.create(before);
    await run.ask('a', placed({ tags: ['x'] }));
    await run.ask('b');
    await before.close();
    const ledger = await store.open(aPolicy(''));
    const detail = await ledger.getRun(run.id);
    expect(detail?.tasks.map(({ state }) => state)).toEqual(['running', 'running']);
  });
});
