import { ANYWHERE, type Rank, type RunningLease, taskName } from '../../domain/index.js';
import { type Held, stamp, type WaitingTask } from '../../planner/index.js';
import type { DatedAct, LeaseRow, Orders, Pin, RunRow, TaskRow } from '../rows/index.js';
import { deviceSecondsOf, type RunWork } from './run-work.js';

/** Names an attempt among all attempts. */
export const attemptId = (runId: string, taskKey: string, attempt: number): string =>
  `${runId}/${taskKey}#${attempt}`;
export const idOf = (task: TaskRow): string => attemptId(task.runId, task.taskKey, task.attempt);

/** What the planner must know of a task's run besides its row. */
export interface OfRun {
  readonly run: RunRow;
  readonly work: RunWork;
  readonly rank: Rank;
  /** Its longest path from this task on. */
  readonly pathSeconds: number;
}

/** A waiting attempt as the planner sees it. */
export const waitingTask = (task: TaskRow, { run, work, rank, pathSeconds }: OfRun): WaitingTask => {
  const pin = run.orders?.pins[task.taskKey] ?? run.orders?.pins[taskName(task.taskKey)];
  const forecast = { ...task.forecast, p50Seconds: Math.max(task.forecast.p50Seconds, 1e-3) };
  return {
    id: idOf(task),
    runId: task.runId,
    taskKey: task.taskKey,
    tenant: run.tenant,
    priorityClass: task.priorityClass,
    arrival: task.arrival,
    readyAtMs: task.readyAtMs,
    options: optionsOf(task, pin),
    placement: task.terms?.placement ?? ANYWHERE,
    forecast,
    doneSeconds: task.doneSeconds,
    rank,
    remainingDeviceSeconds: Math.max(work.told(task.request.pool), deviceSecondsOf(task)),
    pathSeconds,
    deadlineAtMs: run.deadlineAtMs,
    holds: holdsOf(task, run.orders),
    ...(pin ? { pin: { nodeId: pin.nodeId, by: pin.by, reason: pin.reason } } : {}),
    suspectNodes: task.suspectNodes,
    preemptions: task.preemptions,
    promised: task.promised,
  };
};

const PAUSED: Held = { code: 'run-paused', detail: 'its run is paused', fromMs: 0, untilMs: null };

const holdsOf = ({ taskKey, paused, terms }: TaskRow, orders: Orders | null): readonly Held[] => {
  const holds = terms?.holds ?? [];
  if (orders === null) return paused ? [PAUSED, ...holds] : holds;
  const names = new Set([taskKey, taskName(taskKey)]);
  const own = [...names].flatMap((name) =>
    orders.holds[name] ? [personHolds(name, orders.holds[name])] : [],
  );
  return [...(paused ? [PAUSED] : []), ...own, ...holds];
};

const personHolds = (name: string, { by, reason, atMs }: DatedAct): Held => {
  const detail = `${by} holds ${name} since ${stamp(atMs)}: ${reason}`;
  return { code: 'held', detail, fromMs: 0, untilMs: null };
};

/** A pinned task goes to its node's pool only, as far as it may go there at all. */
const optionsOf = ({ terms, request }: TaskRow, pin: Pin | undefined): WaitingTask['options'] => {
  const options = terms?.options ?? [{ request, speed: 1 }];
  if (pin === undefined) return options;
  const [first, ...others] = options.filter((option) => option.request.pool === pin.pool);
  return first === undefined ? options : [first, ...others];
};

/** How long a task that gives way is expected to need for it beyond its grace: the signal's way and the checkpoint. */
const LEAVING_SECONDS = 5;

/** A lease as the planner sees it. Of one whose run is over only what it holds counts. */
export const runningLease = (
  lease: LeaseRow,
  state: RunningLease['state'],
  {
    run,
    task,
    rank,
    graceSeconds,
  }: {
    readonly run: RunRow | undefined;
    readonly task: TaskRow | undefined;
    readonly rank: Rank;
    readonly graceSeconds: number;
  },
): RunningLease => {
  const whole = expectedSeconds(lease, graceSeconds);
  return {
    id: lease.leaseId,
    fencing: lease.fencing,
    pool: lease.pool,
    nodeId: lease.nodeId,
    incarnation: lease.incarnation,
    devices: lease.devices,
    resources: lease.resources,
    taskQueue: lease.taskQueue,
    state,
    runId: lease.runId,
    taskKey: lease.taskKey,
    attempt: lease.attempt,
    tenant: lease.tenant ?? run?.tenant ?? '',
    priorityClass: task?.priorityClass ?? run?.priorityClass ?? 'normal',
    grantedAtMs: lease.grantedAtMs,
    ...whole,
    doneSeconds: lease.preemptingAtMs === null ? (task?.doneSeconds ?? 0) : 0,
    rank,
    checkpoints:
      lease.checkpointAtMs === null ? null : { everySeconds: null, lastAtMs: lease.checkpointAtMs },
    lossShare: lease.lossShare,
    overdue: lease.overdue,
    preemptions: task?.preemptions ?? 0,
    placement: task?.terms?.placement ?? ANYWHERE,
    also: [],
    givesWayTo: lease.givesWayTo,
  };
};

/** By its forecast; of one that gives way, its grace. */
const expectedSeconds = (
  { grantedAtMs, expectedEndP50Ms, expectedEndP90Ms, preemptingAtMs }: LeaseRow,
  graceSeconds: number,
) => {
  const endsAtMs = preemptingAtMs === null ? null : preemptingAtMs + (graceSeconds + LEAVING_SECONDS) * 1_000;
  const seconds = (endMs: number) => Math.max(1e-3, (endMs - grantedAtMs) / 1_000);
  return {
    p50Seconds: seconds(endsAtMs ?? expectedEndP50Ms),
    p90Seconds: seconds(endsAtMs ?? expectedEndP90Ms),
  };
};
