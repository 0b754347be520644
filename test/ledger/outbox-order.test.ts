import { expect, it } from 'vitest';
import type { RunId } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aSpec } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('The order of effects', (freshStore) => {
  const ann = { by: 'ann', reason: 'a test' };
  const claim = (ledger: Ledger) => ledger.claimOutbox(10);
  const withRun = async (): Promise<{ readonly ledger: Ledger; readonly id: RunId }> => {
    const ledger = await (await freshStore()).open();
    const spec = aSpec();
    await ledger.createRun(spec);
    return { ledger, id: spec.runId };
  };

  it('tells a run nothing before its start has been delivered: Temporal knows no such run, and the word would be lost', async () => {
    const { ledger, id } = await withRun();
    await ledger.actOnRun(id, { act: 'cancel' }, ann);
    const [start, ...others] = await claim(ledger);
    expect([start?.kind, others]).toEqual(['start-run', []]);
    expect(await claim(ledger), 'while it is on its way').toEqual([]);
    await ledger.completeOutbox([start?.id as number]);
    expect(await claim(ledger)).toMatchObject([{ kind: 'signal', name: 'cancel' }]);
  });

  it('numbers what people order, so that the last word counts in whatever order they arrive', async () => {
    const { ledger, id } = await withRun();
    const [start] = await claim(ledger);
    await ledger.completeOutbox([start?.id as number]);
    for (const act of ['pause', 'resume', 'pause'] as const) await ledger.actOnRun(id, { act }, ann);
    await ledger.actOnRun(id, { act: 'priority', priorityClass: 'low' }, ann);
    const numbers = (await claim(ledger)).map((item) =>
      item.kind === 'signal' ? (item.payload as { readonly number: number }).number : Number.NaN,
    );
    expect(numbers).toHaveLength(4);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });
});
