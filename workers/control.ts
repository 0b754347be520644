import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createPolicyActivities } from '../activities/policy/index.js';
import { CONTROL_QUEUE } from '../src/domain/index.js';
import type { Ledger } from '../src/ledger/index.js';
import { startDispatcher } from './outbox.js';
import { startReconciler } from './reconciler.js';
import { logTemporalTo } from './runtime.js';
import { connectClient, connectWorker, registerSearchAttributes, type TemporalSettings } from './temporal.js';

/** How often overdue nodes are looked for; the ledger judges by missed heartbeats, not by this. */
const SWEEP_MS = 1_000;

/** What a control worker needs. The ledger stays open when it stops. */
export interface ControlSettings {
  readonly temporal: TemporalSettings;
  readonly ledger: Ledger;
  readonly log: Logger;
  /** Workflow code, bundled by the build; another bundle for tests. */
  readonly workflowBundle?: string;
}

/** A running control worker. `failed` rejects should its Temporal worker die of itself. */
export interface ControlWorker {
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const builtBundle = (): string =>
  fileURLToPath(
    new URL(
      import.meta.url.includes('/dist/') ? '../workflow-bundle.js' : '../dist/workflow-bundle.js',
      import.meta.url,
    ),
  );

/**
 * Runs pipelines: hosts the workflow and the policy activity, delivers the outbox, reconciles with Temporal and sweeps
 * for lost nodes. Several may run side by side on one Postgres ledger. Throws `temporal-unavailable`.
 */
export const startControl = async ({
  temporal,
  ledger,
  log,
  workflowBundle,
}: ControlSettings): Promise<ControlWorker> => {
  logTemporalTo(log);
  const client = await connectClient(temporal);
  const connection = await connectWorker(temporal);
  await registerSearchAttributes(client);
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: { codePath: workflowBundle ?? builtBundle() },
    activities: { ...createPolicyActivities({ ledger }) },
    maxConcurrentLocalActivityExecutions: 1_000,
  });
  const ran = worker.run();
  const deps = { ledger, client: client.client, log };
  const dispatcher = startDispatcher(deps);
  const reconciler = startReconciler(deps);
  const sweeper = setInterval(() => {
    ledger
      .sweepNodes()
      .catch((error) => log.error({ err: error }, 'looking for lost nodes failed; it is tried again'));
  }, SWEEP_MS);
  const failed = ran.then(() => new Promise<never>(() => {}));
  failed.catch((error) => log.error({ err: error }, 'the control worker died'));
  return {
    failed,
    async stop() {
      clearInterval(sweeper);
      await Promise.all([dispatcher.stop(), reconciler.stop()]);
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ran.catch(() => {});
      await Promise.all([connection.close(), client.close()]);
    },
  };
};
