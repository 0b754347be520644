import { expect, it } from 'vitest';
import { TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('Forecasts', (freshStore) => {
  it('tell what they were learned from, and what was set aside as doubtful, after a restart too', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    await TestNode.register(ledger, 'gpu-1');
    const run = await TestRun.create(ledger);
    const before = await ledger.forecasterStatus();
    expect(before).toMatchObject({ observations: 0, doubtfulRuntimes: 0, doubtfulFeatures: 0 });

    const sane = await run.start('a', { features: { rows: 1e300 } });
    const instant = await run.start('b');
    await run.turn({ ended: [theEndOf(sane), theEndOf(instant, { endedAtMs: 1_800_000_000_000 })] });
    const after = await ledger.forecasterStatus();
    expect(after).toMatchObject({ observations: 2, doubtfulRuntimes: 1, doubtfulFeatures: 1 });
    expect(after.version).not.toBe(before.version);

    await ledger.close();
    expect(await (await store.open()).forecasterStatus()).toEqual(after);
  });
});
