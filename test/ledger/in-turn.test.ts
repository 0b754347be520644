import pg from 'pg';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/ledger/database/database.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aSpec, TestNode, TestRun, theEndOf } from './builders.js';
import { onPostgres } from './contract.js';

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A run that goes from task to task as fast as it is answered. */
const chain = async (ledger: Ledger, run: TestRun, steps: number): Promise<number> => {
  let last = await run.start('step-0', {}, ledger);
  for (let step = 1; step < steps; step += 1) {
    const next = run.start(`step-${step}`, {}, ledger);
    await run.turn({ ended: [theEndOf(last)] }, ledger);
    last = await next;
  }
  await run.turn({ ended: [theEndOf(last)], end: { status: 'succeeded' } }, ledger);
  return steps;
};

onPostgres('Processes that write to one ledger', (freshStore) => {
  it('all get on while all of them write', async () => {
    const store = await freshStore();
    const ledgers = await Promise.all([store.open(), store.open(), store.open()]);
    const capacity = { devices: 64, cores: 64, memoryBytes: 0, slots: 0 };
    await TestNode.register(ledgers[0], 'gpu-1', { capacity });
    const chains = ledgers.flatMap((ledger) =>
      Array.from({ length: 4 }, async () => chain(ledger, await TestRun.create(ledger), 12)),
    );
    expect(await Promise.all(chains)).toEqual(Array(12).fill(12));
    for (const ledger of ledgers) {
      const [node] = await ledger.listNodes();
      expect(node?.leases).toEqual([]);
    }
  });

  it('wait for whoever has its turn, and are not held up by one that stands still in it', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    const database = await openDatabase(store.url, LOG);
    let isTold = false;
    const stands = database.inTurn(async () => {
      const told = ledger.createRun(aSpec()).then(() => {
        isTold = true;
      });
      // Longer than a turn may stand still: the database takes it away.
      await expect.poll(() => isTold).toBe(true);
      await told;
    });
    await expect(stands).rejects.toThrow();
    await database.close();
    expect(await ledger.listRuns({ limit: 10 })).toHaveLength(1);
  });

  it('are woken again after the connection that they listen on broke', async () => {
    const store = await freshStore();
    const [here, there] = [await store.open(), await store.open()];
    let calls = 0;
    here.onOutbox(() => {
      calls += 1;
    });
    const client = new pg.Client({ connectionString: store.url });
    await client.connect();
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'signalbox-listen'",
    );
    await client.end();
    // It rings once when it listens again: something may have been missed.
    await expect.poll(() => calls).toBeGreaterThan(0);
    const before = calls;
    await there.createRun(aSpec());
    await expect.poll(() => calls).toBeGreaterThan(before);
  });
});
