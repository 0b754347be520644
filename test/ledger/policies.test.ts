import { expect, it } from 'vitest';
import type { Policy } from '../../src/planner/index.js';
import { aRequest, TestNode, TestRun } from './builders.js';
import { onBothDatabases, onPostgres, POLICY, textOf } from './contract.js';

const whole = aRequest({ devices: 2 });
const HOLD = { name: 'freeze', when: 'task.tenant == "default"', reason: 'the cluster moves' };
const aPolicy = (name: string, over: Partial<Policy> = {}): string => textOf({ ...POLICY, name, ...over });
const act = { by: 'ada', reason: 'a trial' };

onBothDatabases('The policy in force', (freshStore) => {
  it('is the configured one at first, and stays what it was made over restarts', async () => {
    const store = await freshStore();
    const first = await store.open();
    expect(await first.getPolicy()).toMatchObject({ version: POLICY.version, kind: 'start', active: true });
    const { version } = await first.activatePolicy(aPolicy('other'), act);
    await first.close();
    const ledger = await store.open();
    expect(await ledger.getPolicy()).toMatchObject({ version, ...act, kind: 'activate' });
    expect((await ledger.listPolicies()).map(({ name, active }) => [name, active])).toEqual([
      ['other', true],
      ['default', false],
    ]);
  });

  it('decides from the next cycle on: what it no longer holds goes without being asked', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const frozen = await ledger.activatePolicy(aPolicy('frozen', { holds: [HOLD] }), act);
    const run = await TestRun.create(ledger);
    const verdict = await run.ask('a');
    expect(verdict).toMatchObject({ kind: 'deferred', blockers: [{ code: 'held' }] });
    expect((await run.turn({ askAgain: true })).policyVersion).toBe(frozen.version);
    const back = await ledger.rollbackPolicy({ by: 'bob', reason: 'all have moved' });
    expect(back).toMatchObject({ version: POLICY.version, replaced: frozen.version, changed: true });
    expect((await ledger.getRun(run.id))?.tasks[0]?.state).toBe('running');
    expect(await ledger.claimOutbox(10)).toContainEqual(expect.objectContaining({ name: 'grant' }));
  });

  it('puts what waits in its own order at once', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const busy = await (await TestRun.create(ledger)).start('a', { request: whole });
    const large = await TestRun.create(ledger, 'large');
    await large.ask('a', { request: whole, estimateSeconds: 36_000 });
    store.clocks.wallMs += 1_000;
    const small = await TestRun.create(ledger, 'small');
    expect(await small.ask('a', { request: whole, estimateSeconds: 10 })).toMatchObject({ position: 1 });
    await ledger.activatePolicy(
      aPolicy('arrival', { order: [], size: undefined, preemption: undefined }),
      act,
    );
    expect(await small.ask('a', { request: whole, estimateSeconds: 10 })).toMatchObject({ position: 2 });
    expect(busy.lease.devices).toHaveLength(2);
  });

  it('is refused with all its mistakes before it is in force, and leaves no trace', async () => {
    const ledger = await (await freshStore()).open();
    const before = await ledger.listPolicies();
    const bad = aPolicy('bad', { lookAhead: 0, order: ['age' as 'size'] });
    await expect(ledger.activatePolicy(bad, act)).rejects.toMatchObject({
      code: 'invalid-document',
      problems: [
        { path: expect.stringContaining('order'), line: 1, mend: expect.any(String) },
        { path: 'lookAhead', line: 1, mend: expect.any(String) },
      ],
    });
    expect(await ledger.listPolicies()).toEqual(before);
  });

  it('goes back one version at a time, and to any that is named', async () => {
    const ledger = await (await freshStore()).open();
    const a = POLICY.version;
    const second = await ledger.activatePolicy(aPolicy('b'), act);
    const third = await ledger.activatePolicy(aPolicy('c'), act);
    expect((await ledger.rollbackPolicy(act)).version).toBe(second.version);
    expect((await ledger.rollbackPolicy(act)).version).toBe(a);
    await expect(ledger.rollbackPolicy(act)).rejects.toMatchObject({ code: 'no-earlier-policy' });
    expect(await ledger.rollbackPolicy(act, third.version)).toMatchObject({ replaced: a, changed: true });
    expect((await ledger.rollbackPolicy(act)).version).toBe(a);
    await expect(ledger.rollbackPolicy(act, 'nothing@0')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is not overwritten unseen by who expected another, and not changed by itself', async () => {
    const ledger = await (await freshStore()).open();
    const [mine, yours] = await Promise.allSettled([
      ledger.activatePolicy(aPolicy('mine'), { ...act, expect: POLICY.version }),
      ledger.activatePolicy(aPolicy('yours'), { ...act, expect: POLICY.version }),
    ]);
    expect(mine.status).toBe('fulfilled');
    expect(yours).toMatchObject({ status: 'rejected', reason: { code: 'policy-changed' } });
    expect(await ledger.activatePolicy(aPolicy('mine'), act)).toMatchObject({ changed: false });
    expect(await ledger.listPolicies()).toHaveLength(2);
  });

  it('leaves a node the time that it was told when it registered', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const { lease } = await run.start('a');
    await ledger.activatePolicy(aPolicy('hasty', { heartbeatSeconds: 1, selfFenceSeconds: 3 }), act);
    await ledger.sweepNodes();
    store.clocks.monotonicMs += 14_000;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]).toMatchObject({ state: 'active', leases: [{ leaseId: lease.id }] });
    store.clocks.monotonicMs += 1_000;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]).toMatchObject({ state: 'lost', leases: [{ state: 'revoked' }] });
    store.clocks.monotonicMs += 11_000;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]?.leases).toHaveLength(1);
    store.clocks.monotonicMs += 1_000;
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]?.leases).toEqual([]);
  });
});

onPostgres('Two processes', (freshStore) => {
  it('plan by one policy: neither commits a cycle under what is no longer in force', async () => {
    const store = await freshStore();
    const [one, two] = [await store.open(), await store.open()];
    await TestNode.register(one, 'gpu-1');
    const run = await TestRun.create(two);
    await run.start('a');
    await one.activatePolicy(aPolicy('frozen', { holds: [HOLD] }), act);
    expect(await run.ask('b', {}, two)).toMatchObject({ kind: 'deferred', blockers: [{ code: 'held' }] });
    await two.rollbackPolicy(act);
    const other = await TestRun.create(one);
    expect((await other.turn({ askAgain: true }, one)).policyVersion).toBe(POLICY.version);
  });

  it('that both begin a new ledger agree on one of their policies', async () => {
    const store = await freshStore();
    const [one, two] = await Promise.all([store.open(), store.open()]);
    const { version } = await one.getPolicy();
    expect((await two.getPolicy()).version).toBe(version);
    expect(await one.listPolicies()).toHaveLength(1);
  });
});
