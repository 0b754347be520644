import type { LeaseId, RunId, RunningLease, TaskKey } from '../../domain/index.js';
import type { Grant, WaitingTask } from '../../planner/index.js';
import type { SimOptions } from '../workload/types.js';
import type { PoolWork, TaskState } from './state.js';

/** The name that the planner knows an attempt by. */
export const attemptName = ({ of, task, attempt }: TaskState): string =>
  `${of.run.id}/${task.name}#${attempt}`;

/** A waiting attempt as the planner sees it. */
export const waitingTask = (state: TaskState): WaitingTask => {
  const { run, work } = state.of;
  const { rank, queuedDeviceSeconds } = work.get(state.task.pool) as PoolWork;
  const { options, placement, priorityClass, holds } = state.terms;
  return {
    id: attemptName(state),
    runId: run.id as RunId,
    taskKey: state.task.name as TaskKey,
    tenant: run.tenant,
    priorityClass,
    arrival: state.arrival,
    readyAtMs: state.readyAtMs,
    options,
    placement,
    forecast: state.forecast,
    doneSeconds: state.doneSeconds,
    rank,
    remainingDeviceSeconds: queuedDeviceSeconds,
    pathSeconds: state.pathSeconds,
    deadlineAtMs: run.deadlineAtMs,
    holds,
    suspectNodes: [],
    preemptions: state.preemptions,
    promised: state.promised,
  };
};

/** The lease that a grant gives a task that has just started. */
export const leaseOf = (
  state: TaskState,
  { pool, nodeId, incarnation, devices, also, overdue }: Grant,
  fencing: number,
  { checkpoints }: SimOptions,
): RunningLease => {
  const { run, work } = state.of;
  const { p50Seconds, p90Seconds } = state.forecast;
  const everySeconds = checkpoints === 'always' ? 0 : checkpoints;
  return {
    id: state.leaseId as LeaseId,
    fencing,
    pool,
    nodeId,
    incarnation,
    devices,
    resources: state.task.resources,
    taskQueue: pool,
    state: 'held',
    runId: run.id as RunId,
    taskKey: state.task.name as TaskKey,
    attempt: state.attempt,
    tenant: run.tenant,
    priorityClass: state.terms.priorityClass,
    grantedAtMs: state.grantedAtMs,
    p50Seconds,
    p90Seconds,
    doneSeconds: state.doneSeconds,
    rank: (work.get(state.task.pool) as PoolWork).rank,
    checkpoints: everySeconds === 'none' ? null : { everySeconds, lastAtMs: null },
    lossShare: 1,
    overdue,
    preemptions: state.preemptions,
    placement: state.terms.placement,
    also,
    givesWayTo: null,
  };
};
