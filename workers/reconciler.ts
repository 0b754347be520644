import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { PIPELINE_WORKFLOW, type RunEnd } from '../src/domain/index.js';
import type { Ledger, OpenRun } from '../src/ledger/index.js';
import { ClosedWorkflows } from './closed-workflows.js';

/** How often is asked which workflows have been closed: a run that somebody terminated gives back what it holds within this. */
const LOOK_MS = 1_000;
/** How often all open runs are compared: for what was deleted, or closed while nobody looked. */
const COMPARE_MS = 60_000;
/** A run that Temporal does not know is given so long: its start may just be on its way. */
const START_PATIENCE_MS = 60_000;

interface Deps {
  readonly ledger: Pick<Ledger, 'openRuns' | 'closeRun' | 'closeWorkflow'>;
  readonly client: Client;
  readonly log: Logger;
}

/**
 * Compares the ledger's open runs with Temporal's: a workflow that was terminated, timed out or deleted never tells the
 * ledger, so its waiting tasks would wait and its leases be held for ever. One list of Temporal's open workflows, however many
 * there are; only those that are not on it are asked about one by one, since the list lags behind (2,000 open workflows on 2 busy
 * cores: listed in 0.1 s, asked about one by one in 5.5 s).
 */
export const reconcile = async (deps: Deps, nowMs: number): Promise<void> => {
  const runs = await deps.ledger.openRuns();
  if (runs.length === 0) return;
  const open = await openWorkflows(deps.client);
  const doubtful = runs.filter(
    ({ runId, workflows }) => !open.has(runId) || workflows.some(({ workflowId }) => !open.has(workflowId)),
  );
  for (const run of doubtful) await settle(deps, run, open, nowMs);
};

const openWorkflows = async (client: Client): Promise<ReadonlySet<string>> => {
  const query = `WorkflowType = '${PIPELINE_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  const open = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) open.add(workflowId);
  return open;
};

/** Settles what has ended of a run: all of it, or children of it. Workflows in `open` need no second look. */
const settle = async (deps: Deps, run: OpenRun, open: ReadonlySet<string>, nowMs: number): Promise<void> => {
  const { ledger, client, log } = deps;
  const end = open.has(run.runId) ? null : await endOf(client, run, nowMs);
  if (end !== null) {
    log.warn({ runId: run.runId, end }, 'a run ended in Temporal without telling; settling it');
    await ledger.closeRun(run.runId, end);
    return;
  }
  for (const { workflowId } of run.workflows) {
    if (workflowId === run.runId || open.has(workflowId)) continue;
    const description = await describe(client, workflowId);
    if (description === null || endFrom(description) !== null)
      await ledger.closeWorkflow(run.runId, workflowId);
  }
};

const NOTHING_KNOWN: ReadonlySet<string> = new Set();

/** Starts reconciling, until stopped: what has just been closed every second, everything every minute. */
export const startReconciler = (deps: Deps): { stop(): Promise<void> } => {
  const closed = new ClosedWorkflows(deps.client);
  const stopping = new AbortController();
  let comparedMs = Number.NEGATIVE_INFINITY;
  let unsettled: readonly string[] = [];

  const look = async (): Promise<void> => {
    unsettled = [...unsettled, ...(await closed.look())];
    for (const run of await deps.ledger.openRuns(unsettled))
      await settle(deps, run, NOTHING_KNOWN, Date.now());
    unsettled = [];
    if (performance.now() - comparedMs < COMPARE_MS) return;
    await reconcile(deps, Date.now());
    comparedMs = performance.now();
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch((error) => deps.log.error({ err: error }, 'reconciling failed; it is tried again'));
      await delay(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const finished = loop();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
};

const endOf = async (client: Client, run: OpenRun, nowMs: number): Promise<RunEnd | null> => {
  const description = await describe(client, run.runId);
  if (description !== null) return endFrom(description);
  const isOverdue = !run.startPending && nowMs - run.createdAtMs > START_PATIENCE_MS;
  return isOverdue ? failed('workflow-missing', 'Temporal no longer knows its workflow.') : null;
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
