import pg from 'pg';
import { expect, it } from 'vitest';
import { POOLS } from '../../src/domain/index.js';
import type { Ledger, Recording } from '../../src/ledger/index.js';
import { replayAll } from '../support/replay-all.js';
import { aReadyTask, aRequest, granted, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres, type Store } from './contract.js';

const ALWAYS = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** Runs come, wait, start and end on two nodes, some seconds each; several at once. */
const busy = async ({ clocks }: Store, ledgers: readonly Ledger[], runs = 8): Promise<void> => {
  const ledger = (index: number) => ledgers[index % ledgers.length] as Ledger;
  const nodes = await Promise.all(['gpu-1', 'gpu-2'].map((name) => TestNode.register(ledger(0), name)));
  await Promise.all(
    Array.from({ length: runs }, async (_, index) => {
      const priorityClass = index % 3 === 0 ? 'high' : 'low';
      const run = await TestRun.create(ledger(index), `busy-${index}`, {
        priorityClass,
        tenant: `team-${index % 2}`,
      });
      const ready = ['a', 'b', 'c'].map((name) =>
        aReadyTask(name, { request: aRequest({ devices: 1 + (index % 2) }) }),
      );
      let answer = await run.turn({ ready });
      for (let turns = 0; turns < 12; turns += 1) {
        clocks.wallMs += 1_500;
        const started = answer.verdicts.filter(({ kind }) => kind === 'granted').slice(0, 1);
        const ended = started.map((verdict) => theEndOf(granted(verdict), { endedAtMs: clocks.wallMs }));
        answer = await run.turn({ ended, askAgain: true }, ledger(index + turns));
      }
      await run.turn({ end: { status: 'succeeded' } });
    }),
  );
  await nodes[0]?.beat();
};

onBothDatabases('Every planner cycle', (freshStore) => {
  it('is recorded with what it was planned on, and is decided again byte for byte', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await busy(store, [ledger]);
    const { cycles, parts, differences } = await replayAll(ledger);
    expect(cycles).toBeGreaterThan(10);
    expect(differences).toEqual([]);
    const plans = parts.flatMap(({ plan }) => (plan === null ? [] : [JSON.parse(plan)]));
    const grants = plans.flatMap(({ grants }) => grants);
    expect(grants.length).toBeGreaterThan(8);
  });

  it('can be read from any moment on', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    const begunMs = store.clocks.wallMs;
    await busy(store, [ledger]);
    const fromMs = (begunMs + store.clocks.wallMs) / 2;
    const all = await replayAll(ledger);
    const later = await replayAll(ledger, fromMs);
    expect(later.differences).toEqual([]);
    expect(later.cycles).toBeGreaterThan(0);
    expect(later.cycles).toBeLessThan(all.cycles);
  });

  it('goes on in a recording of its own after a restart and after a batch that failed', async () => {
    const store = await freshStore();
    let ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.turn({ ready: ['a', 'b', 'c'].map((name) => aReadyTask(name)) });
    await expect(run.turn({ ready: [aReadyTask('bad', { attempt: 2 ** 40 })] })).rejects.toThrow();
    await run.turn({ askAgain: true, ready: [aReadyTask('d')] });
    await ledger.close();
    ledger = await store.open();
    await run.turn({ ready: [aReadyTask('e')], askAgain: true }, ledger);
    const recordings = await ledger.listRecordings(ALWAYS);
    expect(recordings.length).toBe(3);
    expect((await replayAll(ledger)).differences).toEqual([]);
  });

  it('is forgotten in time, and no later one is the worse for it', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await busy(store, [ledger]);
    const before = await ledger.listRecordings(ALWAYS);
    store.clocks.wallMs += 6 * 86_400_000;
    await busy(store, [ledger]);
    await ledger.sweepNodes();
    expect((await ledger.listRecordings(ALWAYS)).length).toBe(before.length + 1);
    store.clocks.wallMs += 86_400_000;
    store.clocks.monotonicMs += 3_600_000;
    await ledger.sweepNodes();
    const left = await ledger.listRecordings(ALWAYS);
    expect(left.map(({ writer }: Recording) => writer)).not.toContain(before[0]?.writer);
    const replayed = await replayAll(ledger);
    expect(replayed.cycles).toBeGreaterThan(10);
    expect(replayed.differences).toEqual([]);
  });

  it('tells no secret of a node', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await busy(store, [ledger], 2);
    const { parts } = await replayAll(ledger);
    const nodes = parts.flatMap(({ changes }) => JSON.parse(changes)).filter(([kind]) => kind === 'node');
    expect(nodes.length).toBeGreaterThan(0);
    for (const [, , piece] of nodes) expect(piece).not.toHaveProperty('keyHash');
  });
});

onPostgres('Two processes on one database', (freshStore) => {
  it('each record what they planned, whoever was faster', async () => {
    const store = await freshStore();
    const ledgers = [await store.open(), await store.open()];
    await busy(store, ledgers, 12);
    const recordings = await (ledgers[0] as Ledger).listRecordings(ALWAYS);
    expect(recordings.length).toBe(2);
    const { cycles, differences } = await replayAll(ledgers[0] as Ledger);
    expect(cycles).toBeGreaterThan(20);
    expect(differences).toEqual([]);
  });

  it('record nothing of a batch that was not written', async () => {
    const store = await freshStore();
    const ledgers = [await store.open(), await store.open()];
    await busy(store, ledgers, 12);
    const client = new pg.Client({ connectionString: store.url });
    await client.connect();
    try {
      const { rows } = await client.query(
        `SELECT plan, scope FROM cycles WHERE plan IS NOT NULL ORDER BY number`,
      );
      const granted = rows.flatMap(({ plan }) => JSON.parse(plan).grants.map(({ id }: { id: string }) => id));
      const events = await client.query(
        `SELECT run_id || '/' || task_key || '#' || attempt AS id FROM events WHERE kind = 'granted' ORDER BY number`,
      );
      expect(granted).toEqual(events.rows.map(({ id }) => id));
      for (const { scope } of rows) expect(POOLS).toEqual(expect.arrayContaining(JSON.parse(scope).pools));
    } finally {
      await client.end();
    }
  });
});
