import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import { startPoolWorker } from '../../workers/pool.js';
import { connectWorker } from '../../workers/temporal.js';
import { benchSettings } from '../support/settings.js';

/** The pool side of a benchmark: the workers of its nodes, and beside them the worker of the raw activity. */
const { temporal, folder, workerToken, hardware, apiUrl = '' } = benchSettings();
const { nodes = 1, ...capacity } = hardware;
const workers = await Promise.all(
  Array.from({ length: nodes }, (_, index) =>
    startPoolWorker({
      ...capacity,
      node: `bench-${index + 1}`,
      apiUrl,
      workerToken,
      temporal,
      workspace: `${folder}/workspace`,
      data: `${folder}/bench-${index + 1}`,
      functions: [fileURLToPath(new URL('functions.ts', import.meta.url))],
      log: pino({ level: 'warn' }),
    }),
  ),
);
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
  await Promise.all([...workers.map((worker) => worker.stop()), ran]);
  process.exit(0);
});
