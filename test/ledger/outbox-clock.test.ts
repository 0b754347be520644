import { expect, it } from 'vitest';
import { aSpec } from './builders.js';
import { onBothDatabases } from './contract.js';

const HOUR_MS = 3_600_000;

onBothDatabases('The outbox', (freshStore) => {
  it('delivers at once what was ordered, claimed or put off while a clock was an hour ahead', async () => {
    const { clocks, open } = await freshStore();
    const ledger = await open();
    const claimed = async () => (await ledger.claimOutbox(10)).length;

    clocks.wallMs += HOUR_MS;
    await ledger.createRun(aSpec());
    clocks.wallMs -= HOUR_MS;
    expect(await claimed(), 'ordered').toBe(1);

    clocks.wallMs += HOUR_MS;
    const [item] = await ledger.claimOutbox(10);
    clocks.wallMs -= HOUR_MS;
    expect(await claimed(), 'claimed').toBe(1);

    clocks.wallMs += HOUR_MS;
    await ledger.retryOutbox(item?.id as number, 'no Temporal');
    clocks.wallMs -= HOUR_MS;
    expect(await claimed(), 'put off').toBe(1);
    expect(await claimed(), 'only once').toBe(0);
  });
});
