import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Ledger, openLedger } from '../../src/ledger/index.js';
import { type Dispatcher, startDispatcher } from '../../workers/outbox.js';
import { connectClient, type TemporalClient } from '../../workers/temporal.js';
import { aSpec } from '../ledger/builders.js';
import { POLICY_TEXT } from '../ledger/contract.js';
import { testNamespace } from '../support/temporal.js';

let ledger: Ledger;
let temporal: TemporalClient;
let dispatcher: Dispatcher;
beforeAll(async () => {
  temporal = await connectClient(await testNamespace());
  ledger = await openLedger({ url: 'pglite-memory:', policy: POLICY_TEXT });
  dispatcher = startDispatcher({ ledger, client: temporal.client, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await dispatcher?.stop();
  await ledger?.close();
  await temporal?.close();
});

test('a run that Temporal refuses to start has failed, and says why', async () => {
  const spec = aSpec('huge', { params: { text: 'x'.repeat(2_500_000) } });
  await ledger.createRun(spec);
  await vi.waitFor(async () => expect((await ledger.getRun(spec.runId))?.status).toBe('failed'), {
    timeout: 20_000,
    interval: 100,
  });
  expect((await ledger.getRun(spec.runId))?.error).toMatchObject({
    code: 'start-refused',
    message: expect.stringContaining('Temporal refused to start it'),
  });
});
