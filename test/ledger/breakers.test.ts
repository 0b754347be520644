import { expect, it } from 'vitest';
import { ANYWHERE, nodeId, type Verdict } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aRequest, granted, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, POLICY, type Store } from './contract.js';

const HEALTH = { drainAtFailureShare: 0.5, ofLastAttempts: 4, trialAfterSeconds: 300 };

onBothDatabases('A node that fails its work', (freshStore) => {
  const open = async () => {
    const store: Store = await freshStore();
    const ledger = await store.open({ ...POLICY, health: HEALTH });
    return { store, ledger };
  };
  const whole = { request: aRequest({ devices: 2 }) };
  type Granted = ReturnType<typeof granted>;
  const fail = (run: TestRun, grant: Granted, code = 'exit-1') =>
    run.turn({ ended: [theEndOf(grant, { outcome: 'failed', error: { code, message: 'It failed.' } })] });
  /** Runs of several pipelines fail on the node, one after the other. */
  const failOn = async (ledger: Ledger, name: string, times: number, code?: string, pipelines = 2) => {
    for (let time = 0; time < times; time += 1) {
      const run = await TestRun.create(ledger, `pipeline-${time % pipelines}`);
      const grant = await run.start(`t${time}`, whole);
      expect(grant.lease.nodeId).toBe(name);
      await fail(run, grant, code);
    }
  };
  const another = async (ledger: Ledger) => {
    const run = await TestRun.create(ledger, 'well');
    return { run, verdict: await run.ask('t', whole) };
  };

  it('gets no more of it, then one attempt on trial, and all again once that went well', async () => {
    const { store, ledger } = await open();
    const sick = await TestNode.register(ledger, 'sick');
    expect(await sick.beat()).not.toHaveProperty('shut');
    await failOn(ledger, 'sick', 3);
    await TestNode.register(ledger, 'well');
    const busy = await TestRun.create(ledger, 'busy');
    const held = await busy.start('hold', { ...whole, suspectNodes: [nodeId('sick')] });
    expect(held.lease.nodeId).toBe('well');
    await failOn(ledger, 'sick', 1);

    const { run, verdict } = await another(ledger);
    expect(verdict).toMatchObject({ kind: 'deferred' });
    expect(verdict.kind === 'deferred' && verdict.blockers.map(({ code }) => code)).toContain('node-failing');
    expect(await sick.beat()).toMatchObject({ shut: true });
    const second = await another(ledger);
    store.clocks.wallMs += 301_000;
    await ledger.sweepNodes();
    const asked = [await run.ask('t', whole), await second.run.ask('t', whole)];
    expect(asked.map(({ kind }) => kind).toSorted()).toEqual(['deferred', 'granted']);
    const first = asked[0]?.kind === 'granted' ? run : second.run;
    const trial = granted(asked.find(({ kind }) => kind === 'granted'));
    expect(trial.lease.nodeId).toBe('sick');
    await first.turn({ ended: [theEndOf(trial)] });
    granted(await (first === run ? second.run : run).ask('t', whole));
  });

  it('is left alone for twice as long after a trial that failed', async () => {
    const { store, ledger } = await open();
    await TestNode.register(ledger, 'sick');
    await failOn(ledger, 'sick', 3);
    await TestNode.register(ledger, 'well', { labels: { other: 'yes' } });
    const busy = await TestRun.create(ledger, 'busy');
    await busy.start('hold', { ...whole, suspectNodes: [nodeId('sick')] });
    await failOn(ledger, 'sick', 1);
    store.clocks.wallMs += 301_000;
    await ledger.sweepNodes();
    await failOn(ledger, 'sick', 1);
    const { run } = await another(ledger);
    store.clocks.wallMs += 301_000;
    await ledger.sweepNodes();
    expect((await run.ask('t', whole)).kind).toBe('deferred');
    store.clocks.wallMs += 301_000;
    await ledger.sweepNodes();
    expect((await run.ask('t', whole)).kind).toBe('granted');
  });

  it('goes on as the only one of its pool', async () => {
    const { ledger } = await open();
    await TestNode.register(ledger, 'only');
    await failOn(ledger, 'only', 6);
    expect((await another(ledger)).verdict.kind).toBe('granted');
  });

  it.each([
    ['whose failures are the tasks’ own', 'timeout', 2],
    ['that fails one pipeline alone', 'exit-1', 1],
  ])('goes on, one %s', async (_, code, pipelines) => {
    const { ledger } = await open();
    await TestNode.register(ledger, 'fine');
    await failOn(ledger, 'fine', 3, code, pipelines);
    await TestNode.register(ledger, 'other');
    const busy = await TestRun.create(ledger, 'busy');
    await busy.start('hold', { ...whole, suspectNodes: [nodeId('fine')] });
    await failOn(ledger, 'fine', 2, code, pipelines);
    expect((await another(ledger)).verdict.kind).toBe('granted');
  });

  it('is forgiven what fails elsewhere too', async () => {
    const { ledger } = await open();
    await TestNode.register(ledger, 'a');
    const run = await TestRun.create(ledger, 'broken');
    await fail(run, await run.start('t', whole));
    await failOn(ledger, 'a', 2);
    await TestNode.register(ledger, 'b');
    const again = await run.start('t', { ...whole, attempt: 2, suspectNodes: [nodeId('a')] });
    expect(again.lease.nodeId).toBe('b');
    const blocker = await TestRun.create(ledger, 'busy');
    await fail(run, again);
    await blocker.start('hold', { ...whole, suspectNodes: [nodeId('a')] });
    await failOn(ledger, 'a', 1);
    expect((await another(ledger)).verdict.kind).toBe('granted');
  });
});

onBothDatabases('A pool, or a service outside, on which too much fails', (freshStore) => {
  const BREAKER = { failureShare: 0.5, ofLastAttempts: 4, trialAfterSeconds: 60 };
  const open = async (over: Partial<typeof POLICY>) => {
    const store: Store = await freshStore();
    return { store, ledger: await store.open({ ...POLICY, ...over }) };
  };
  const fail = async (
    ledger: Ledger,
    times: number,
    over: Parameters<TestRun['start']>[1] = {},
    code = 'exit-1',
  ) => {
    for (let time = 0; time < times; time += 1) {
      const run = await TestRun.create(ledger, `pipeline-${time % 2}`);
      const grant = await run.start(`t${time}`, over);
      await run.turn({ ended: [theEndOf(grant, { outcome: 'failed', error: { code, message: 'No.' } })] });
    }
  };

  it('takes nothing more for a while, then one attempt on trial, then a few at a time', async () => {
    const { store, ledger } = await open({ breakers: { pool: BREAKER }, slowStart: { seconds: 4 } });
    await TestNode.register(ledger, 'a', { capacity: { devices: 8, cores: 8, memoryBytes: 0, slots: 0 } });
    await fail(ledger, 4);
    const run = await TestRun.create(ledger, 'later');
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const ask = async () => {
      const verdicts: Verdict[] = [];
      for (const name of names) verdicts.push(await run.ask(name));
      return verdicts;
    };
    const first = await ask();
    expect(first.map(({ kind }) => kind)).toEqual(names.map(() => 'deferred'));
    expect(first[0]?.kind === 'deferred' && first[0].blockers[0]).toEqual({
      code: 'pool-failing',
      detail: 'pool gpu: 4 of the last 4 attempts failed',
    });
    store.clocks.wallMs += 60_000;
    await ledger.sweepNodes();
    const trial = (await ask()).filter(({ kind }) => kind === 'granted');
    expect(trial).toHaveLength(1);
    await run.turn({ ended: [theEndOf(granted(trial[0]))] });
    const starts: number[] = [];
    for (let beat = 0; beat < 3; beat += 1) {
      starts.push((await ask()).filter(({ kind }) => kind === 'granted').length);
      store.clocks.wallMs += POLICY.heartbeatSeconds * 1_000;
      await ledger.sweepNodes();
    }
    const perBeat = Math.ceil((8 * POLICY.heartbeatSeconds) / 4);
    expect(starts[0]).toBe(Math.min(7, perBeat));
    expect(starts.at(-1)).toBe(7);
  });

  it('keeps those waiting that call the service, and no others', async () => {
    const { ledger } = await open({ breakers: { endpoint: BREAKER } });
    await TestNode.register(ledger, 'a');
    const calls = { placement: { ...ANYWHERE, endpoints: ['api.example.com'] } };
    await fail(ledger, 4, calls, 'http-404');
    await fail(ledger, 4, calls, 'http-503');
    const run = await TestRun.create(ledger, 'later');
    expect(await run.ask('calls', calls)).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'endpoint-failing' }],
    });
    granted(await run.ask('stays-home'));
  });

  it('begins slowly where all its nodes were lost', async () => {
    const { store, ledger } = await open({ slowStart: { seconds: 1_000 } });
    const capacity = { devices: 4, cores: 8, memoryBytes: 0, slots: 0 };
    const node = await TestNode.register(ledger, 'a', { capacity });
    const run = await TestRun.create(ledger, 'train');
    granted(await run.ask('before'));
    for (let beat = 0; beat < 3; beat += 1) {
      await ledger.sweepNodes();
      store.clocks.monotonicMs += POLICY.selfFenceSeconds * 1_000;
    }
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]?.state).toBe('lost');
    const [a, b] = [await run.ask('a'), await run.ask('b')];
    expect([a.kind, b.kind]).toEqual(['deferred', 'deferred']);
    await node.start();
    expect((await ledger.listNodes())[0]?.leases).toHaveLength(1);
    await ledger.sweepNodes();
    expect((await ledger.listNodes())[0]?.leases).toHaveLength(2);
  });
});
