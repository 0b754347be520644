import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import { startPoolWorker } from '../../workers/pool.js';
import { connectWorker } from '../../workers/temporal.js';
import { benchSettings } from './settings.js';

/** The pool side of the benchmark: a Signalbox worker of the io pool, and beside it the worker of the raw activity. */
const { temporal, folder, workerToken, apiUrl = '' } = benchSettings();
const pool = await startPoolWorker({
  pool: 'io',
  node: 'bench',
  slots: 200,
  apiUrl,
  workerToken,
  temporal,
  workspace: `${folder}/workspace`,
  data: folder,
  functions: [fileURLToPath(new URL('functions.ts', import.meta.url))],
  log: pino({ level: 'warn' }),
});
const raw = await Worker.create({
  connection: await connectWorker(temporal),
  namespace: temporal.namespace,
  taskQueue: 'raw-io',
  activities: { noop: async () => {} },
  maxConcurrentActivityTaskExecutions: 200,
});
const ran = raw.run();
process.send?.({ ready: true });
process.once('SIGTERM', async () => {
  raw.shutdown();
  await Promise.all([pool.stop(), ran]);
  process.exit(0);
});
