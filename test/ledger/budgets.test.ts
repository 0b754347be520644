import { expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/index.js';
import type { Policy } from '../../src/planner/index.js';
import { aReadyTask, aRequest, aSlot, aSpec, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres, POLICY, type Store } from './contract.js';

// The policy that ships: a device costs 2.50 USD an hour, and of work that nobody knows the P90 is an hour.
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CENT = 10_000;
const under = (over: Partial<Policy>): Policy => ({ ...POLICY, ...over, version: 'budgeted' });
const budget = (usdPerDay: number, exhausted: 'defer' | 'reject' = 'defer') =>
  under({ budgets: { default: { usdPerDay, exhausted } } });

const dayOf = async (ledger: Ledger, tenant = 'default') => {
  const { tenants } = await ledger.usage(tenant);
  const { spentMicroUsd, reservedMicroUsd, overrunMicroUsd } = tenants[0]?.day ?? {};
  return [spentMicroUsd, reservedMicroUsd, overrunMicroUsd].map((microUsd) => (microUsd ?? 0) / CENT);
};

onBothDatabases('A budget', (freshStore) => {
  const open = async (policy: Policy) => {
    const store: Store = await freshStore();
    const ledger = await store.open(policy);
    await TestNode.register(ledger, 'gpu-1');
    return { store, ledger, run: await TestRun.create(ledger) };
  };

  it('reserves what a task may cost at its P90, and takes what it did cost in its place', async () => {
    const { store, ledger, run } = await open(budget(4));
    const grant = await run.start('a');
    expect(await dayOf(ledger)).toEqual([0, 250, 0]);
    expect(await run.ask('b')).toMatchObject({
      kind: 'deferred',
      blockers: [
        {
          code: 'budget-exhausted',
          detail: expect.stringContaining('has 1.50 USD of 4.00 USD left for today'),
        },
      ],
    });
    store.clocks.wallMs += HOUR / 10;
    await run.turn({ ended: [theEndOf(grant)] });
    expect(await dayOf(ledger)).toEqual([25, 250, 0]);
    const detail = await ledger.getRun(run.id);
    expect(detail?.tasks.map(({ state }) => state)).toEqual(['succeeded', 'running']);
  });

  it('survives a restart, with what is spent and what is reserved', async () => {
    const { store, ledger, run } = await open(budget(4));
    const first = await run.start('a');
    store.clocks.wallMs += HOUR / 10;
    await run.turn({ ended: [theEndOf(first)] });
    await run.start('b');
    await ledger.close();
    const again = await store.open(budget(4));
    expect(await dayOf(again)).toEqual([25, 250, 0]);
    expect(await run.ask('c', {}, again)).toMatchObject({ blockers: [{ code: 'budget-exhausted' }] });
  });

  it('is whole again on the next day, of which the deferred task is told; what runs still counts where it began', async () => {
    const { store, ledger, run } = await open(
      under({ budgets: { default: { usdPerDay: 4, usdPerMonth: 100, exhausted: 'defer' } } }),
    );
    const grant = await run.start('a');
    const verdict = await run.ask('b');
    expect(verdict).toMatchObject({ kind: 'deferred', etaP50Ms: Date.UTC(2027, 0, 16) });
    store.clocks.wallMs = Date.UTC(2027, 0, 16, 0, 0, 1);
    await ledger.sweepNodes();
    expect((await ledger.getRun(run.id))?.tasks[1]?.state).toBe('running');
    const { tenants } = await ledger.usage('default');
    expect(tenants[0]?.day.reservedMicroUsd).toBe(250 * CENT);
    const overnightMicroUsd = 16 * 250 * CENT;
    expect(tenants[0]?.month.reservedMicroUsd).toBeGreaterThan(overnightMicroUsd);
    await run.turn({ ended: [theEndOf(grant)] });
    expect(await dayOf(ledger)).toEqual([0, 250, 0]);
    expect((await ledger.usage('default')).tenants[0]?.month.spentMicroUsd).toBeGreaterThan(
      overnightMicroUsd - CENT,
    );
  });

  it('counts work beyond its P90 as it goes: others wait for it, and it is reported', async () => {
    const { store, ledger, run } = await open(budget(6));
    const grant = await run.start('a');
    store.clocks.wallMs += 2 * HOUR;
    await ledger.sweepNodes();
    expect(await dayOf(ledger)).toEqual([0, 500, 250]);
    expect(await run.ask('b')).toMatchObject({ blockers: [{ code: 'budget-exhausted' }] });
    store.clocks.wallMs += HOUR;
    await run.turn({ ended: [theEndOf(grant)] });
    expect(await dayOf(ledger)).toEqual([750, 0, 500]);
    const [explained] = await ledger.explain(run.id, grant.taskKey);
    const overruns = explained?.past.filter(({ kind }) => kind === 'budget-overrun');
    expect(overruns?.map(({ sentence }) => sentence)).toEqual([
      "runs longer than it was expected to: it has cost 5.00 USD, and 2.50 USD of its tenant's budget was reserved for it",
    ]);
  });

  it('has work refused that it cannot pay, where the policy says so', async () => {
    const { ledger, run } = await open(budget(4, 'reject'));
    await run.start('a');
    expect(await run.ask('b')).toMatchObject({
      kind: 'rejected',
      blockers: [{ code: 'budget-exhausted', detail: expect.stringContaining('1.50 USD') }],
    });
    const two = await run.turn({ ready: [aReadyTask('c'), aReadyTask('d')] });
    expect(two.verdicts.map(({ kind }) => kind)).toEqual(['rejected', 'rejected']);
    const detail = await ledger.getRun(run.id);
    expect(detail?.tasks.map(({ state, error }) => [state, error?.code])).toEqual([
      ['running', undefined],
      ...['b', 'c', 'd'].map(() => ['rejected', 'budget-exhausted']),
    ]);
  });

  it('is counted for those who have none, so that one that appears knows what is spent', async () => {
    const { store, ledger, run } = await open(POLICY);
    await run.start('a');
    expect(await dayOf(ledger)).toEqual([0, 250, 0]);
    await ledger.close();
    const again = await store.open(budget(4));
    expect(await run.ask('b', {}, again)).toMatchObject({ blockers: [{ code: 'budget-exhausted' }] });
    await again.close();
    const free = await store.open(POLICY);
    await free.sweepNodes();
    expect((await free.getRun(run.id))?.tasks[1]?.state).toBe('running');
  });

  it('is charged once, whoever ends the work: a reset, or a node that starts anew', async () => {
    const { store, ledger, run } = await open(budget(100));
    const node = await TestNode.register(ledger, 'gpu-2');
    await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.start('b', { request: aRequest({ devices: 2 }) });
    run.executionId = 'execution-2';
    await run.turn();
    expect(await dayOf(ledger), 'the processes may still live').toEqual([0, 1_000, 0]);
    store.clocks.wallMs += HOUR / 10;
    await node.start();
    expect(await dayOf(ledger)).toEqual([50, 500, 0]);
    await node.start();
    expect(await dayOf(ledger)).toEqual([50, 500, 0]);
  });

  it('is told of at submission: a warning, or the refusal of a run that it cannot pay', async () => {
    const { ledger } = await open(budget(2));
    const { forecast } = await ledger.createRun(aSpec('dear'));
    expect(forecast.warnings).toEqual([
      "task train may cost 2.50 USD, more than default's whole budget of 2.00 USD: it can never start under this policy",
      'default has 2.00 USD of its 2.00 USD left for today; the run costs about 0.21 USD, in 9 of 10 cases under 2.50 USD: part of it may wait for the next day',
    ]);
    expect((await ledger.createRun(aSpec('free', { tenant: 'other' }))).forecast.warnings).toEqual([]);
  });

  it('that rejects refuses a run that costs more than is left even at its P50; the forecast alone says so', async () => {
    const ledger = await (await freshStore()).open(budget(0.1, 'reject'));
    const refusal = 'default has 0.10 USD of its 0.10 USD left for today; the run costs about 0.21 USD';
    await expect(ledger.createRun(aSpec('dear'))).rejects.toMatchObject({
      code: 'budget-exhausted',
      message: expect.stringContaining(refusal),
    });
    const { warnings } = await ledger.forecastRun(aSpec('dear'));
    expect(warnings?.[0]).toContain(`it would be refused now: ${refusal}`);
  });

  it('costs nothing where nothing has a price', async () => {
    const { ledger, run } = await open(budget(0));
    await TestNode.register(ledger, 'io-1', { pool: 'io' });
    await run.start('fetch', { request: aSlot() });
    expect(await dayOf(ledger)).toEqual([0, 0, 0]);
  });
});

onBothDatabases('A quota', (freshStore) => {
  it('bounds what a tenant holds over all pools, and lets the next go when something of it ends', async () => {
    const ledger = await (await freshStore()).open(under({ quotas: { default: { devices: 1, slots: 1 } } }));
    await TestNode.register(ledger, 'gpu-1');
    await TestNode.register(ledger, 'io-1', { pool: 'io' });
    const run = await TestRun.create(ledger);
    const grant = await run.start('a');
    await run.start('fetch', { request: aSlot() });
    expect(await run.ask('b')).toMatchObject({
      blockers: [
        {
          code: 'quota-reached',
          detail: 'default holds 1 device of the 1 that it may hold at once, it needs 1',
        },
      ],
    });
    await (await TestRun.create(ledger, 'other', { tenant: 'other' })).start('a');
    expect((await ledger.usage('default')).tenants[0]).toMatchObject({
      held: { devices: 1, slots: 1 },
      quota: { devices: 1, slots: 1 },
    });
    await run.turn({ ended: [theEndOf(grant)] });
    const detail = await ledger.getRun(run.id);
    expect(detail?.tasks.find(({ taskKey }) => taskKey === 'b')?.state).toBe('running');
  });

  it('is told of at submission where a task asks for more than all of it', async () => {
    const ledger = await (await freshStore()).open(under({ quotas: { default: { devices: 0 } } }));
    const { warnings } = await ledger.forecastRun(aSpec());
    expect(warnings).toEqual([
      'task train asks for 1 device, and default may hold 0 at once: it can never start under this policy',
    ]);
  });
});

onBothDatabases('The breaker over all tenants', (freshStore) => {
  const bounded = under({ spending: { usdPerHour: 5, exempt: ['critical'] } });
  const open = async () => {
    const store = await freshStore();
    const ledger = await store.open(bounded);
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(ledger, name);
    const [lab, trial] = [
      await TestRun.create(ledger, 'one', { tenant: 'lab' }),
      await TestRun.create(ledger, 'two', { tenant: 'trial' }),
    ];
    await lab.start('a');
    const grant = await trial.start('a');
    return { store, ledger, lab, trial, grant };
  };
  const breakers = async (ledger: Ledger) => (await ledger.usage()).breaker.hour;

  it('opens when work that began in the hour costs so much, and then nothing more starts but what is exempt', async () => {
    const { ledger, lab } = await open();
    expect(await breakers(ledger)).toMatchObject({ reservedMicroUsd: 500 * CENT, isOpen: true });
    expect(await lab.ask('b')).toMatchObject({
      blockers: [{ code: 'spending-stopped' }],
      etaP50Ms: Date.UTC(2027, 0, 15, 9),
    });
    const urgent = await TestRun.create(ledger, 'urgent', { priorityClass: 'critical' });
    await urgent.start('a');
  });

  it('stays open though the work cost less, over a restart too, and closes with its hour', async () => {
    const { store, ledger, trial, lab, grant } = await open();
    await trial.turn({ ended: [theEndOf(grant)] });
    expect(await breakers(ledger)).toMatchObject({ reservedMicroUsd: 250 * CENT, isOpen: true });
    expect(await lab.ask('b')).toMatchObject({ kind: 'deferred' });
    await ledger.close();
    const again = await store.open(bounded);
    expect(await breakers(again)).toMatchObject({ isOpen: true });
    store.clocks.wallMs = Date.UTC(2027, 0, 15, 9);
    await again.sweepNodes();
    expect((await again.getRun(lab.id))?.tasks[1]?.state).toBe('running');
    expect(await breakers(again)).toMatchObject({ isOpen: false, reservedMicroUsd: 250 * CENT });
  });

  it('closes under a policy that allows more', async () => {
    const { store, ledger, lab } = await open();
    await lab.ask('b');
    await ledger.close();
    const again = await store.open(under({ spending: { usdPerHour: 6, exempt: [] } }));
    await again.sweepNodes();
    expect((await again.getRun(lab.id))?.tasks[1]?.state).toBe('running');
    expect(await breakers(again)).toMatchObject({ isOpen: true, limitMicroUsd: 600 * CENT });
  });
});

onBothDatabases('A full queue', (freshStore) => {
  const limited = under({ queues: { limits: { gpu: 2 }, exempt: ['critical', 'high'] } });
  const full = async () => {
    const ledger = await (await freshStore()).open(limited);
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.turn({ ready: ['a', 'b', 'c', 'd', 'e'].map((name) => aReadyTask(name)) });
    return { ledger, run };
  };

  it('refuses a new run that is not urgent, and says when to come back; the forecast alone says so', async () => {
    const { ledger } = await full();
    const refused = await ledger.createRun(aSpec('late')).catch((error) => error);
    expect(refused).toMatchObject({
      code: 'queue-full',
      message: expect.stringMatching(
        /^3 tasks wait in pool gpu, and the policy's limit is 2: try again in about /,
      ),
    });
    // A run of 300 s by its P50, four more of a fan-out that nobody expected, on two devices.
    expect(refused.retryAfterSeconds).toBeGreaterThan(0);
    expect(refused.retryAfterSeconds).toBeLessThan(3_600);
    expect((await ledger.forecastRun(aSpec('late'))).warnings?.[0]).toContain(
      'it would be refused now: 3 tasks',
    );
    expect((await ledger.listRuns({ limit: 10 })).length).toBe(1);
  });

  it('refuses neither urgent runs, nor those for other pools, nor what an accepted run brings', async () => {
    const { ledger, run } = await full();
    await ledger.createRun(aSpec('urgent', { priorityClass: 'high' }));
    const elsewhere = aSpec('elsewhere');
    const [task] = Object.values(elsewhere.pipeline.tasks);
    const pipeline = { ...elsewhere.pipeline, tasks: { fetch: { ...task, pool: 'io' as const } } };
    await ledger.createRun({ ...elsewhere, pipeline } as typeof elsewhere);
    const { verdicts } = await run.turn({ ready: [aReadyTask('f')] });
    expect(verdicts).toMatchObject([{ kind: 'deferred' }]);
  });

  it('gives the run that it made to who asks for it again under its key', async () => {
    const store = await freshStore();
    const ledger = await store.open(limited);
    const spec = aSpec('early');
    await ledger.createRun(spec, { idempotencyKey: 'once' });
    const run = new TestRun(ledger, spec);
    await run.turn({ ready: ['a', 'b'].map((name) => aReadyTask(name)) });
    await expect(ledger.createRun(aSpec('early'))).rejects.toMatchObject({ code: 'queue-full' });
    const again = await ledger.createRun({ ...aSpec('early') }, { idempotencyKey: 'once' });
    expect(again).toMatchObject({ created: false, run: { runId: spec.runId } });
  });
});

onPostgres('Several processes', (freshStore) => {
  it('share one budget, and one breaker', async () => {
    const store = await freshStore();
    const policy = under({
      budgets: { default: { usdPerDay: 4, exhausted: 'defer' } },
      spending: { usdPerDay: 5, exempt: [] },
    });
    const [one, two] = [await store.open(policy), await store.open(policy)];
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(one, name);
    const run = await TestRun.create(one);
    const other = await TestRun.create(two, 'other', { tenant: 'other' });
    const grant = await run.start('a', {}, one);
    expect(await run.ask('b', {}, two)).toMatchObject({ blockers: [{ code: 'budget-exhausted' }] });
    store.clocks.wallMs += HOUR / 10;
    await run.turn({ ended: [theEndOf(grant)] }, two);
    expect(await dayOf(one)).toEqual([25, 250, 0]);
    expect(await dayOf(two)).toEqual([25, 250, 0]);
    await other.start('a', {}, one);
    expect(await other.ask('b', {}, two)).toMatchObject({ blockers: [{ code: 'spending-stopped' }] });
    store.clocks.wallMs += DAY;
    await two.sweepNodes();
    expect((await one.getRun(other.id))?.tasks[1]?.state).toBe('running');
  });
});
