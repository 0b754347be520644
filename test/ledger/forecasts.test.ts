import { expect, it } from 'vitest';
import { taskKey } from '../../src/domain/index.js';
import { aReadyTask, aRequest, TestNode, TestRun, theEndOf } from './builders.js';
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

  it('of demand come from the work of the hours before, each task counted once', async () => {
    const store = await freshStore();
    const ledger = await store.open();
    const run = await TestRun.create(ledger);
    const request = aRequest({ devices: 2 });
    for (let hour = 0; hour < 30; hour += 1) {
      const task = aReadyTask(`train[${hour}]`, { request, estimateSeconds: 600 });
      await run.turn({ ready: [task, { ...task, taskKey: taskKey(`again[${hour}]`), attempt: 2 }] });
      store.clocks.wallMs += 3_600_000;
    }
    store.clocks.wallMs += 900_000;
    const nowMs = store.clocks.wallMs;
    const [gpu, io] = await ledger.forecastDemand(['gpu', 'io'], 3);
    expect(io, 'nothing came').toEqual({ pool: 'io', hoursLearned: 0, coming: [] });
    expect(gpu).toMatchObject({ pool: 'gpu', hoursLearned: 30 });
    expect(gpu?.coming.map(({ fromMs, toMs }) => [fromMs - nowMs, toMs - nowMs])).toEqual([
      [0, 2_700_000],
      [2_700_000, 6_300_000],
      [6_300_000, 9_900_000],
    ]);
    expect(gpu?.coming.map(({ expected }) => Math.round(expected))).toEqual([900, 1200, 1200]);
    for (const { low, expected, high } of gpu?.coming ?? []) {
      expect(low).toBeLessThanOrEqual(expected);
      expect(high).toBeGreaterThan(expected);
    }

    store.clocks.wallMs += 9 * 7 * 24 * 3_600_000;
    const [later] = await ledger.forecastDemand(['gpu'], 1);
    expect(later?.coming, 'what is older than eight weeks is forgotten').toEqual([]);
  });
});
