import { type AdvanceRequest, SignalboxError } from '../../domain/index.js';
import type { ExecutionRow, RunRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import { newestExecution, revoke, withdraw } from '../state/transitions/index.js';

/**
 * Lets the asking execution in. The newest execution of a workflow may ask; one that continues it as new takes its place in
 * the same epoch; an unknown one that continues nothing known is a reset and opens a new epoch, which fences all older leases.
 * Throws `stale-execution` for an older one, and for what continues an older one.
 */
export const enterExecution = (draft: Draft, run: RunRow, request: AdvanceRequest): ExecutionRow => {
  const executions = draft.image
    .executionsOf(run.runId)
    .filter(({ workflowId }) => workflowId === request.workflowId);
  const newest = newestExecution(executions, request.workflowId);
  if (newest?.executionId === request.executionId) return keepUp(draft, newest, request);
  const known = (executionId: string | undefined) =>
    executions.some((execution) => execution.executionId === executionId);
  const continues = newest !== null && newest.executionId === request.continuesExecutionId;
  if (known(request.executionId) || (known(request.continuesExecutionId) && !continues)) {
    throw new SignalboxError(
      'stale-execution',
      `Execution ${request.executionId} of ${request.workflowId} has been replaced by ${newest?.executionId}.`,
    );
  }
  const epoch = (newest?.epoch ?? 0) + (continues ? 0 : 1);
  if (newest !== null && !continues) fence(draft, run, request.workflowId, epoch);
  return place(draft, request, epoch);
};

const place = (draft: Draft, request: AdvanceRequest, epoch: number): ExecutionRow => {
  const { runId, workflowId, executionId, priorityClass, paused } = request;
  const ordinal = draft.next('arrivals');
  const row = { workflowId, executionId, runId, epoch, ordinal, priorityClass, paused, closed: false };
  draft.put('executions', row);
  restate(draft, row);
  return row;
};

const keepUp = (
  draft: Draft,
  row: ExecutionRow,
  { priorityClass, paused, end }: AdvanceRequest,
): ExecutionRow => {
  const closed = end !== undefined;
  if (row.priorityClass === priorityClass && row.paused === paused && row.closed === closed) return row;
  const next = { ...row, priorityClass, paused, closed };
  draft.put('executions', next);
  restate(draft, next);
  return next;
};

/** The workflow's tasks carry its class, where no rule of the policy gave them one; those that wait also whether it is paused. */
const restate = (draft: Draft, { runId, workflowId, priorityClass, paused }: ExecutionRow): void => {
  for (const task of draft.image.tasksOf(runId)) {
    if (task.workflowId !== workflowId || (task.state !== 'waiting' && task.state !== 'running')) continue;
    const next = { priorityClass: task.terms?.priorityClass ?? priorityClass, paused };
    if (task.priorityClass === next.priorityClass && task.paused === paused) continue;
    draft.put('tasks', { ...task, ...next });
  }
};

/** A new epoch: what the earlier execution held is taken back, what it waited for is withdrawn; nobody is told, for it is gone. */
const fence = (draft: Draft, run: RunRow, workflowId: string, epoch: number): void => {
  for (const task of draft.image.tasksOf(run.runId)) {
    if (task.workflowId === workflowId && task.state === 'waiting') withdraw(draft, task);
  }
  for (const lease of draft.image.leasesWhere(
    (lease) => lease.workflowId === workflowId && lease.state !== 'revoked',
  )) {
    revoke(draft, lease, 'a newer execution of its run has taken over', true);
  }
  draft.event({ kind: 'run-reset', runId: run.runId, detail: { workflowId, epoch } });
};
