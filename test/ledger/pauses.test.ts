import { expect, it } from 'vitest';
import { TestNode, TestRun } from './builders.js';
import { onBothDatabases, onPostgres } from './contract.js';

const ANN = { by: 'ann', reason: 'new driver' };
const BO = { by: 'bo', reason: 'done' };
const HOUR_MS = 3_600_000;
const signals = async (ledger: Parameters<typeof TestRun.create>[0]) =>
  (await ledger.claimOutbox(100)).flatMap((item) => (item.kind === 'signal' ? [item.name] : []));

onBothDatabases('A paused pool', (freshStore) => {
  it('starts nothing new, says why, and goes on once it is resumed', async () => {
    const ledger = await (await freshStore()).open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    await run.start('before');
    expect(await ledger.pause('pool:gpu', ANN, null)).toMatchObject({ changed: true });
    expect(await run.ask('train')).toMatchObject({
      kind: 'deferred',
      blockers: [{ code: 'paused', detail: expect.stringContaining('by ann: new driver') }],
      etaP50Ms: null,
    });
    expect(await ledger.listPools()).toMatchObject([
      { pool: 'gpu', nodes: { active: 1 }, waiting: 1, running: 1, pauses: [{ ...ANN, scope: 'pool:gpu' }] },
      { pool: 'cpu', pauses: [] },
      { pool: 'io', pauses: [] },
    ]);
    await signals(ledger);
    expect(await ledger.resume('pool:gpu', BO)).toMatchObject({ changed: true });
    expect(await signals(ledger)).toEqual(['grant']);
  });

  it('stays paused over a restart, and goes on by itself when its time is over', async () => {
    const store = await freshStore();
    const first = await store.open();
    await TestNode.register(first, 'gpu-1');
    const run = await TestRun.create(first);
    await first.pause('all', ANN, HOUR_MS);
    await first.close();
    const ledger = await store.open();
    const untilMs = store.clocks.wallMs + HOUR_MS;
    expect(await run.ask('train', {}, ledger)).toMatchObject({ kind: 'deferred', etaP50Ms: untilMs });
    store.clocks.wallMs = untilMs - 1;
    await ledger.sweepNodes();
    expect(await signals(ledger)).toEqual([]);
    store.clocks.wallMs = untilMs;
    await ledger.sweepNodes();
    expect(await signals(ledger)).toEqual(['grant']);
    expect((await ledger.listPools()).flatMap(({ pauses }) => pauses)).toEqual([]);
  });

  it('takes the same act once, another one’s words and end instead, and says what still stands', async () => {
    const ledger = await (await freshStore()).open();
    expect(await ledger.resume('pool:io', BO)).toEqual({
      changed: false,
      sentence: 'Pool io was not paused by a person.',
    });
    await ledger.pause('pool:io', ANN, null);
    expect(await ledger.pause('pool:io', ANN, null)).toMatchObject({ changed: false });
    expect(await ledger.pause('pool:io', BO, HOUR_MS)).toMatchObject({ changed: true });
    await ledger.pause('all', ANN, null);
    const { sentence } = await ledger.resume('pool:io', BO);
    expect(sentence).toMatch(/^Pool io goes on. Still, everything is paused since .* by ann: new driver.$/);
  });
});

onPostgres('A pause', (freshStore) => {
  it('made by one process holds in another, and so does its end', async () => {
    const store = await freshStore();
    const [here, there] = [await store.open(), await store.open()];
    await TestNode.register(here, 'gpu-1');
    const run = await TestRun.create(here);
    await here.pause('pool:gpu', ANN, null);
    expect(await run.ask('train', {}, there)).toMatchObject({ blockers: [{ code: 'paused' }] });
    await here.resume('pool:gpu', BO);
    expect(await run.ask('other', {}, there)).toMatchObject({ kind: 'granted' });
  });
});
