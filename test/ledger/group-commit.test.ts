import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { runId } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aReadyTask, aRequest, aSpec, granted, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres } from './contract.js';

/** Fails where more is bound to a node than it has, or a device is given twice. */
const expectWithinCapacity = async (ledger: Ledger): Promise<void> => {
  for (const { id, used, capacity, leases } of await ledger.listNodes()) {
    expect(used.devices, id).toBeLessThanOrEqual(capacity.devices);
    expect(used.cores, id).toBeLessThanOrEqual(capacity.cores);
    const devices = leases.flatMap((lease) => lease.devices);
    expect(new Set(devices).size, `devices of ${id} given once`).toBe(devices.length);
  }
};

onBothDatabases('Calls that come together', (freshStore) => {
  it('are answered each for itself: a bad one fails alone', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const runs = await Promise.all([TestRun.create(ledger), TestRun.create(ledger)]);
    const stranger = new TestRun(ledger, aSpec('nobody', { runId: runId('nobody-1') }));
    const answers = await Promise.allSettled([...runs, stranger].map((run) => run.start('a')));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expectWithinCapacity(ledger);
  });

  it('are retried one by one where the database refuses the batch', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const other = await TestRun.create(ledger);
    // Twice the same run's id in one batch is refused before; a number that no integer column holds only by the database.
    const bad = run.turn({ ready: [aReadyTask('bad', { attempt: 2 ** 40 })] });
    const good = other.turn({ ready: [aReadyTask('good')] });
    await expect(bad).rejects.toMatchObject({ code: 'ledger-unavailable' });
    granted((await good).verdicts[0]);
    expect((await ledger.getRun(run.id))?.tasks).toEqual([]);
    granted(await run.ask('a'));
  });

  it('never exceed capacity and leave no lease behind, whatever they are', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 3, cores: 4, memoryBytes: 0, slots: 0 },
    });
    await TestNode.register(ledger, 'gpu-2', {
      capacity: { devices: 2, cores: 2, memoryBytes: 0, slots: 0 },
    });
    const step = fc.record({
      devices: fc.integer({ min: 0, max: 3 }),
      cores: fc.integer({ min: 1, max: 3 }),
      ends: fc.boolean(),
      ended: fc.constantFrom('succeeded' as const, 'failed' as const, 'cancelled' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        async (plans) => {
          await Promise.all(plans.map((steps) => live(ledger, steps)));
          expect((await ledger.listNodes()).flatMap(({ leases }) => leases)).toEqual([]);
          expect(await ledger.openRuns()).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });
});

interface Step {
  readonly devices: number;
  readonly cores: number;
  readonly ends: boolean;
  readonly ended: 'succeeded' | 'failed' | 'cancelled';
}

/** One run that asks, holds and ends as the steps say, looking at the ledger after each. */
const live = async (ledger: Ledger, steps: readonly Step[]): Promise<void> => {
  const run = await TestRun.create(ledger);
  const held = new Map<string, ReturnType<typeof granted>>();
  for (const [index, { devices, cores, ends, ended }] of steps.entries()) {
    const [oldest] = held.values();
    const over = ends && oldest ? [theEndOf(oldest, { outcome: ended })] : [];
    for (const { leaseId } of over) held.delete(leaseId);
    const request = aRequest({ devices, cores });
    const { verdicts } = await run.turn({
      ended: over,
      ready: [aReadyTask(`t${index}`, { request })],
      askAgain: true,
    });
    for (const verdict of verdicts) if (verdict.kind === 'granted') held.set(verdict.lease.id, verdict);
    await expectWithinCapacity(ledger);
  }
  const { verdicts } = await run.turn({ askAgain: true });
  for (const verdict of verdicts) if (verdict.kind === 'granted') held.set(verdict.lease.id, verdict);
  await run.turn({ ended: [...held.values()].map((grant) => theEndOf(grant)), end: { status: 'succeeded' } });
};

onPostgres('Several processes on one database', (freshStore) => {
  it('share the capacity and never exceed it', async () => {
    const store = await freshStore();
    const ledgers = [await store.open(), await store.open(), await store.open()];
    const [first, second] = ledgers as [Ledger, Ledger];
    await TestNode.register(first, 'gpu-1', {
      capacity: { devices: 4, cores: 64, memoryBytes: 0, slots: 0 },
    });
    const verdicts = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const ledger = ledgers[index % 3] as Ledger;
        return (await TestRun.create(ledger)).ask('a');
      }),
    );
    const leases = verdicts.flatMap((verdict) => (verdict.kind === 'granted' ? [verdict.lease] : []));
    expect(leases).toHaveLength(4);
    expect(new Set(leases.flatMap(({ devices }) => devices)).size).toBe(4);
    expect(new Set(leases.map(({ fencing }) => fencing)).size).toBe(4);
    await expectWithinCapacity(second);
  });

  it('see what the others have written: a turn may go on in another process', async () => {
    const store = await freshStore();
    const [one, two] = [await store.open(), await store.open()];
    const node = await TestNode.register(one, 'gpu-1');
    const run = await TestRun.create(one);
    const grant = await run.start('a');
    expect(await run.ask('a', {}, two)).toEqual(grant);
    expect(await node.beat({ running: [] }, two)).toEqual({ stop: [], stale: false });
    await run.turn({ ended: [theEndOf(grant)], end: { status: 'succeeded' } }, two);
    expect(await one.openRuns()).toEqual([]);
    run.executionId = 'the-reset';
    expect(await run.ask('a', {}, one)).toMatchObject({ kind: 'granted' });
    expect(await run.ask('b', {}, two)).toMatchObject({ kind: 'granted' });
  });

  it('never hear that a lease must stop which another process has just granted', async () => {
    const store = await freshStore();
    const [control, api] = [await store.open(), await store.open()];
    const node = await TestNode.register(api, 'gpu-1');
    const run = await TestRun.create(control);
    const { lease } = await run.start('a');
    const said = { startedAtMs: 0, progress: 0.25, memoryBytes: null, cpuSeconds: null };
    const beat = { running: [{ leaseId: lease.id, fencing: lease.fencing, ...said }] };
    expect(await node.beat(beat, api)).toEqual({ stop: [], stale: false });
    expect((await api.getRun(run.id))?.tasks[0]?.progress).toBe(0.25);
  });

  it('wake each other’s dispatchers', async () => {
    const store = await freshStore();
    const [control, api] = [await store.open(), await store.open()];
    let woken = 0;
    control.onOutbox(() => {
      woken += 1;
    });
    await api.createRun(aSpec());
    await expect.poll(() => woken).toBeGreaterThan(0);
  });

  it('may open a new database at the same time', async () => {
    const store = await freshStore();
    const ledgers = await Promise.all([store.open(), store.open(), store.open()]);
    await Promise.all(ledgers.map((ledger) => ledger.ping()));
  });

  it('lose nothing and do nothing twice when the database cuts their connections at any time', async () => {
    const store = await freshStore();
    const ledgers = [await store.open(), await store.open()];
    const [first] = ledgers as [Ledger];
    const capacity = { devices: 2, cores: 64, memoryBytes: 0, slots: 0 };
    const node = await TestNode.register(first, 'gpu-1', { capacity });
    const runs = [await TestRun.create(first), await TestRun.create(first), await TestRun.create(first)];
    const cutter = new pg.Client({ connectionString: store.url });
    await cutter.connect();
    let working = true;
    let cuts = 0;
    const cutting = (async () => {
      while (working) {
        cuts += (await cutter.query(CUT)).rowCount ?? 0;
        await new Promise(setImmediate);
      }
    })();
    await Promise.all(runs.map((run, index) => liveThrough(run, ledgers[index % 2] as Ledger)));
    working = false;
    await cutting;
    await cutter.end();
    expect(cuts).toBeGreaterThan(0);
    const settled = await Promise.all(runs.map(({ id }) => persist(() => first.explain(id))));
    for (const past of settled.flat().map((explanation) => explanation.past)) {
      expect(past.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
      expect(past.filter(({ kind }) => kind === 'ended')).toHaveLength(1);
    }
    expect(settled.flat()).toHaveLength(15);
    expect(await persist(() => node.beat())).toEqual({ stop: [], stale: false });
    expect((await persist(() => first.listNodes()))[0]?.leases).toEqual([]);
  });
});

/** Ends one connection of the ledgers, now and then. */
const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name LIKE 'signalbox%' AND datname = current_database() AND random() < 0.1 LIMIT 1`;

/** Asks the same again until the ledger answers, as a workflow does. */
const persist = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ledger-unavailable' });
    }
  }
};

/** Five tasks one after the other; each turn is asked until it is answered. */
const liveThrough = async (run: TestRun, ledger: Ledger): Promise<void> => {
  for (let index = 0; index < 5; index += 1) {
    const ready = [aReadyTask(`t${index}`)];
    let grant: ReturnType<typeof granted> | undefined;
    while (grant === undefined) {
      const { verdicts } = await persist(() => run.turn({ ready, askAgain: true }, ledger));
      grant = verdicts.find((verdict) => verdict.kind === 'granted');
    }
    const ended = [theEndOf(grant)];
    await persist(() => run.turn({ ended }, ledger));
  }
  await persist(() => run.turn({ end: { status: 'succeeded' } }, ledger));
};
