import { type Granted, type Lease, type LeaseId, taskName, taskQueue } from '../../../domain/index.js';
import type { Grant } from '../../../planner/index.js';
import type { ExecutionRow, LeaseRow, TaskRow } from '../../rows/index.js';
import { countStart } from '../breakers.js';
import { priceOf } from '../charges.js';
import type { Draft } from '../draft.js';
import { named } from './attempt.js';
import { endPromise } from './give-way.js';
import { signal } from './signal.js';
import { expectedDeviceSeconds, use } from './use.js';

/** A waiting task gets its lease. Whoever did not ask in this batch hears of it by signal. */
export const grant = (draft: Draft, task: TaskRow, decision: Grant): void => {
  const lease = leaseFor(draft, task, decision);
  const waitedSeconds = Math.max(0, draft.atMs - task.readyAtMs) / 1_000;
  const verdict: Granted = {
    kind: 'granted',
    taskKey: task.taskKey,
    attempt: task.attempt,
    revision: task.revision + 1,
    lease: { ...leaseOf(lease), ...executionOf(draft, task) },
    forecast: task.forecast,
    waitedSeconds,
  };
  const { leaseId, nodeId, devices } = lease;
  draft.put('tasks', {
    ...task,
    state: 'running',
    revision: verdict.revision,
    verdict,
    leaseId,
    nodeId,
    taskQueue: lease.taskQueue,
    grantedAtMs: draft.atMs,
    promised: false,
  });
  draft.put('leases', lease);
  countStart(draft, task, lease);
  use(draft, lease, expectedDeviceSeconds(lease));
  if (task.promised) endPromise(draft, decision.id);
  draft.event({
    kind: 'granted',
    ...named(task),
    nodeId,
    detail: {
      leaseId,
      devices,
      taskQueue: lease.taskQueue,
      forecast: task.forecast,
      priorityClass: task.priorityClass,
      waitedSeconds,
      waitedFor: task.verdict.kind === 'deferred' ? task.verdict.blockers : [],
      wentBefore: decision.wentBefore,
    },
  });
  if (!draft.asked.has(decision.id)) {
    signal(draft, task.runId, { workflowId: task.workflowId, name: 'grant', payload: verdict });
  }
};

const leaseFor = (
  draft: Draft,
  task: TaskRow,
  { pool, nodeId, incarnation, devices, overdue, option }: Grant,
): LeaseRow => {
  const { request, speed } = option;
  const fencing = draft.next('fencing');
  const { p50Seconds, p90Seconds } = task.forecast;
  const { devices: deviceCount, cores, memoryBytes, slots } = request;
  return {
    leaseId: `lease-${draft.image.head.ledgerId}-${fencing}` as LeaseId,
    fencing,
    pool,
    nodeId,
    incarnation,
    devices,
    resources: { devices: deviceCount, cores, memoryBytes, slots },
    taskQueue: taskQueue(pool, nodeId),
    state: 'held',
    runId: task.runId,
    taskKey: task.taskKey,
    attempt: task.attempt,
    workflowId: task.workflowId,
    grantedAtMs: draft.atMs,
    expectedEndP50Ms: Math.round(draft.atMs + (p50Seconds / speed) * 1_000),
    expectedEndP90Ms: Math.round(draft.atMs + (p90Seconds / speed) * 1_000),
    releasedAtMs: null,
    tenant: draft.image.runs.get(task.runId)?.tenant ?? null,
    givesWayTo: null,
    preemptingAtMs: null,
    checkpointAtMs: null,
    lossShare: lossShareOf(draft, task),
    memoryPressureAtMs: null,
    overdue,
    ...priceOf(draft, { pool, option }, p90Seconds / speed),
  };
};

const executionOf = (draft: Draft, { runId, workflowId }: TaskRow): Pick<Lease, 'executionId'> => {
  const newest = newestExecution(draft.image.executionsOf(runId), workflowId);
  return newest === null ? {} : { executionId: newest.executionId };
};

/** A workflow's execution that may ask for it now. */
export const newestExecution = (
  executions: readonly ExecutionRow[],
  workflowId: string,
): ExecutionRow | null =>
  executions
    .filter((execution) => execution.workflowId === workflowId)
    .reduce<ExecutionRow | null>((a, b) => (a === null || b.ordinal > a.ordinal ? b : a), null);

const leaseOf = (row: LeaseRow): Lease => ({
  id: row.leaseId,
  fencing: row.fencing,
  pool: row.pool,
  nodeId: row.nodeId,
  incarnation: row.incarnation,
  devices: row.devices,
  resources: row.resources,
  taskQueue: row.taskQueue,
});

/** How much of the work that is not kept the task is expected to lose if it gives way. */
const lossShareOf = (draft: Draft, { runId, taskKey, request }: TaskRow): number => {
  const pipeline = draft.image.runs.get(runId)?.pipeline ?? '';
  return draft.surroundings.forecaster.lossShare({ pipeline, task: taskName(taskKey), pool: request.pool });
};
