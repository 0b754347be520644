import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import pino from 'pino';
import { openWorkspace } from '../../activities/artifacts/index.js';
import { startApi } from '../../src/api/index.js';
import { openLedger } from '../../src/ledger/index.js';
import { startControl } from '../../workers/control.js';
import { connectWorker } from '../../workers/temporal.js';
import { benchSettings } from '../support/settings.js';

/** The control side of the benchmark: Signalbox's control worker and API, and beside them the worker of the raw workflow. */
const { temporal, databaseUrl, folder, workerToken } = benchSettings();
const log = pino({ level: 'warn' });
const ledger = await openLedger({
  url: databaseUrl,
  policy: readFileSync('policies/default.yaml', 'utf8'),
  log,
});
const control = await startControl({ temporal, ledger, log });
const api = await startApi({
  ledger,
  host: '127.0.0.1',
  port: 0,
  workspace: openWorkspace(`${folder}/workspace`, { env: process.env, cacheFolder: `${folder}/cache` }),
  workerToken,
  log,
});

const connection = await connectWorker(temporal);
const raw = await Worker.create({
  connection,
  namespace: temporal.namespace,
  taskQueue: 'raw-control',
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('raw-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  }),
});
const ran = raw.run();
process.send?.({ apiUrl: api.url });
process.once('SIGTERM', async () => {
  raw.shutdown();
  await Promise.all([api.stop(), control.stop(), ran]);
  await ledger.close();
  process.exit(0);
});
