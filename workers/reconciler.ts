import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { RunEnd } from '../src/domain/index.js';
import type { Ledger, OpenRun } from '../src/ledger/index.js';

const INTERVAL_MS = 10_000;
/** A run that Temporal does not know is given so long: its start may just be on its way. */
const START_PATIENCE_MS = 60_000;

interface Deps {
  readonly ledger: Pick<Ledger, 'openRuns' | 'closeRun' | 'closeWorkflow'>;
  readonly client: Client;
  readonly log: Logger;
}

/**
 * Compares the ledger's open runs with Temporal's: a workflow that was terminated, timed out or deleted never tells the
 * ledger, so its waiting tasks would wait and its leases be held for ever.
 */
export const reconcile = async ({ ledger, client, log }: Deps, nowMs: number): Promise<void> => {
  for (const run of await ledger.openRuns()) {
    const end = await endOf(client, run, nowMs);
    if (end !== null) {
      log.warn({ runId: run.runId, end }, 'a run ended in Temporal without telling; settling it');
      await ledger.closeRun(run.runId, end);
    } else await reconcileChildren({ ledger, client, log }, run);
  }
};

/** Starts reconciling every ten seconds, until stopped. */
export const startReconciler = (deps: Deps): { stop(): Promise<void> } => {
  let running: Promise<void> = Promise.resolve();
  const once = () =>
    reconcile(deps, Date.now()).catch((error) =>
      deps.log.error({ err: error }, 'reconciling failed; it is tried again'),
    );
  const timer = setInterval(() => {
    running = running.then(once);
  }, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
};

const endOf = async (client: Client, run: OpenRun, nowMs: number): Promise<RunEnd | null> => {
  const description = await describe(client, run.runId);
  if (description !== null) return endFrom(description);
  const isOverdue = !run.startPending && nowMs - run.createdAtMs > START_PATIENCE_MS;
  return isOverdue ? failed('workflow-missing', 'Temporal no longer knows its workflow.') : null;
};

const reconcileChildren = async ({ ledger, client }: Deps, run: OpenRun): Promise<void> => {
  for (const { workflowId } of run.workflows) {
    if (workflowId === run.runId) continue;
    const description = await describe(client, workflowId);
    if (description === null || endFrom(description) !== null)
      await ledger.closeWorkflow(run.runId, workflowId);
  }
};

const describe = (client: Client, workflowId: string): Promise<WorkflowExecutionDescription | null> =>
  client.workflow
    .getHandle(workflowId)
    .describe()
    .catch((error) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });

/** Null while the workflow is open, or continues as another execution. */
const endFrom = ({ status }: WorkflowExecutionDescription): RunEnd | null => {
  switch (status.name) {
    case 'COMPLETED':
      return { status: 'succeeded' };
    case 'CANCELLED':
      return { status: 'cancelled', error: { code: 'cancelled', message: 'Cancelled in Temporal.' } };
    case 'TERMINATED':
      return { status: 'cancelled', error: { code: 'terminated', message: 'Terminated in Temporal.' } };
    case 'FAILED':
      return failed('workflow-failed', 'Its workflow failed.');
    case 'TIMED_OUT':
      return failed('workflow-timed-out', 'Its workflow ran into a time-out of Temporal.');
    default:
      return null;
  }
};

const failed = (code: string, message: string): RunEnd => ({ status: 'failed', error: { code, message } });
