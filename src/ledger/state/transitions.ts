import {
  type Blocker,
  type Deferred,
  type EndedAttempt,
  type Granted,
  type Lease,
  type LeaseId,
  OUT_OF_MEMORY,
  type Rejected,
  type Revoked,
  type RunId,
  sizeOf,
  taskName,
  taskQueue,
} from '../../domain/index.js';
import type { Deferral, Grant, Preemption } from '../../planner/index.js';
import type { ExecutionRow, LeaseRow, TaskRow } from '../rows/index.js';
import { workChanged } from './arriving.js';
import { costOf } from './attempt-cost.js';
import { countEnd, countRelease, countStart } from './breakers.js';
import { charge, priceOf } from './charges.js';
import type { Draft } from './draft.js';
import { moreMemoryFor } from './more-memory.js';
import { attemptId } from './planner-view.js';
import { deviceSecondsOf } from './run-work.js';

/** The states in which an attempt is not over. */
export const isLive = ({ state }: TaskRow): boolean =>
  state === 'waiting' || state === 'running' || state === 'revoked';

const named = ({ runId, taskKey, attempt, nodeId }: TaskRow) => ({ runId, taskKey, attempt, nodeId });

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

const expectedDeviceSeconds = ({ resources, grantedAtMs, expectedEndP50Ms }: LeaseRow): number =>
  (sizeOf(resources) * (expectedEndP50Ms - grantedAtMs)) / 1_000;

/** Counts what a lease is expected to take for its tenant, or corrects that once it has ended. */
const use = (draft: Draft, { tenant }: LeaseRow, deviceSeconds: number): void => {
  if (tenant === null) return;
  draft.put('tenants', { tenant, ...draft.image.cluster.use.after(tenant, deviceSeconds, draft.atMs) });
};

/** A lease is asked to make room; what it frees is kept for the waiting task that it is for. */
export const preempt = (
  draft: Draft,
  lease: LeaseRow,
  { forId, lostDeviceSeconds, soonerSeconds }: Preemption,
): void => {
  const { leaseId, runId, taskKey, attempt, nodeId } = lease;
  const winner = draft.image.tasks.get(forId);
  const task = draft.image.task(runId, taskKey, attempt);
  const cost = { lostDeviceSeconds, soonerSeconds };
  const who = { runId, taskKey, attempt };
  draft.event({
    kind: 'preempting',
    ...who,
    nodeId,
    detail: {
      leaseId,
      for: winner && { runId: winner.runId, taskKey: winner.taskKey, attempt: winner.attempt },
      priorityClass: task?.priorityClass,
      forClass: winner?.priorityClass,
      ...cost,
    },
  });
  const next = { ...lease, state: 'preempting', givesWayTo: forId, preemptingAtMs: draft.atMs } as const;
  draft.put('leases', next);
  remindToGiveWay(draft, next);
  if (winner === undefined) return;
  if (!winner.promised) draft.put('tasks', { ...winner, promised: true });
  draft.event({
    kind: 'promised',
    runId: winner.runId,
    taskKey: winner.taskKey,
    attempt: winner.attempt,
    nodeId,
    detail: { from: who, priorityClass: task?.priorityClass, forClass: winner.priorityClass, ...cost },
  });
};

/** Asks the workflow of a lease to end its attempt. Idempotent by lease and fencing number. */
export const remindToGiveWay = (draft: Draft, lease: LeaseRow): void => {
  const { leaseId, fencing, runId, workflowId } = lease;
  signal(draft, runId, {
    workflowId,
    name: 'preempt',
    payload: { leaseId, fencing, reason: whyItLeaves(lease) },
  });
};

/** Why a lease is to leave, for its workflow and its node. */
export const whyItLeaves = ({ state, givesWayTo, memoryPressureAtMs }: LeaseRow): string => {
  if (state === 'revoked') return 'its lease has been taken back';
  return givesWayTo === null && memoryPressureAtMs !== null
    ? 'it is about to need more memory than it holds, and goes on where there is more'
    : `${givesWayTo ?? 'more urgent work'} needs the hardware`;
};

/** A task needs no more that others give way for it: what they free goes to whoever is next. */
const endPromise = (draft: Draft, id: string): void => {
  for (const lease of draft.image.leasesWhere(({ givesWayTo }) => givesWayTo === id))
    draft.put('leases', { ...lease, givesWayTo: null });
};

/** Promises for which nobody gives way any more, and which were of no use: the task waits on like all others. */
export const lapsePromises = (draft: Draft): void => {
  const { promised } = draft.image;
  if (promised.size === 0) return;
  const kept = new Set(
    draft.image.leasesWhere((lease) => lease.givesWayTo !== null).map((lease) => lease.givesWayTo),
  );
  for (const id of promised) {
    const task = draft.image.tasks.get(id);
    if (task && !kept.has(id)) draft.put('tasks', { ...task, promised: false });
  }
};

/** A waiting task is told why it waits. The record of it is made when it begins to wait, and when the reasons are other ones. */
export const defer = (draft: Draft, task: TaskRow, deferral: Deferral): void => {
  const { id: _, ...why } = deferral;
  const verdict: Deferred = {
    kind: 'deferred',
    taskKey: task.taskKey,
    attempt: task.attempt,
    revision: task.revision,
    forecast: task.forecast,
    ...why,
  };
  draft.put('tasks', { ...task, verdict });
  if (!draft.entered.has(deferral.id) && !isOther(task.verdict, deferral)) return;
  draft.event({ kind: 'deferred', ...named(task), detail: { ...why, forecast: task.forecast } });
};

const isOther = (before: TaskRow['verdict'], { blockers }: Deferral): boolean =>
  before.kind === 'deferred' && codesOf(before.blockers) !== codesOf(blockers);
const codesOf = (blockers: Deferral['blockers']): string =>
  [...new Set(blockers.map(({ code }) => code))].sort().join();

/** The attempt is over, as its workflow says: the fact is kept, whatever we believed of it. */
export const settle = (draft: Draft, task: TaskRow, ended: EndedAttempt): void => {
  const { outcome, startedAtMs, endedAtMs, error } = ended;
  if (outcome === 'succeeded') {
    workChanged(draft, task.request.pool, -deviceSecondsOf(task));
  }
  const lostSeconds = lossOf(draft, task, ended);
  const ranOutOfMemory = outcome === 'failed' && error?.code === OUT_OF_MEMORY;
  const { peakMemoryBytes: peakBytes } = ended.usage;
  const moreBytes = ranOutOfMemory ? moreMemoryFor(draft, task, peakBytes) : null;
  draft.put('tasks', {
    ...task,
    state: outcome,
    doneSeconds: task.doneSeconds + keptSeconds(task, ended, lostSeconds),
    lostSeconds: task.lostSeconds + (lostSeconds ?? 0),
    revision: task.revision + 1,
    nodeId: ended.nodeId ?? task.nodeId,
    startedAtMs,
    endedAtMs,
    outputs: ended.outputs ?? {},
    error: error ?? null,
    usage: ended.usage,
    moreMemoryBytes: moreBytes ?? task.moreMemoryBytes,
  });
  draft.event({
    kind: 'ended',
    ...named(task),
    nodeId: ended.nodeId ?? task.nodeId,
    detail: {
      outcome,
      startedAtMs,
      endedAtMs,
      ...(error ? { error } : {}),
      lostSeconds,
      ...costOf(
        draft,
        task,
        startedAtMs === null ? 0 : Math.max(0, endedAtMs - startedAtMs) / 1_000,
        lostSeconds,
      ),
    },
  });
  if (ranOutOfMemory) {
    const detail = { peakBytes, leasedBytes: task.request.memoryBytes, moreBytes };
    draft.event({ kind: 'out-of-memory', ...named(task), nodeId: ended.nodeId ?? task.nodeId, detail });
  }
  if (startedAtMs !== null) {
    observe(draft, task, { ...ended, startedAtMs }, lostSeconds);
    countEnd(draft, task, ended);
  }
  if (outcome === 'succeeded' && task.cacheHash !== null) {
    const { runId, taskKey, cacheHash: hash } = task;
    draft.append('results', { hash, runId, taskKey, outputs: ended.outputs ?? {}, storedAtMs: draft.atMs });
  }
};

/** How much of the work that is not kept the task is expected to lose if it gives way. */
const lossShareOf = (draft: Draft, { runId, taskKey, request }: TaskRow): number => {
  const pipeline = draft.image.runs.get(runId)?.pipeline ?? '';
  return draft.surroundings.forecaster.lossShare({ pipeline, task: taskName(taskKey), pool: request.pool });
};

/** Work of an attempt since the newest that a checkpoint was known to keep. */
const unsafeSeconds = (
  draft: Draft,
  task: TaskRow,
  { startedAtMs, endedAtMs }: EndedAttempt,
): number | null => {
  const beganAtMs = startedAtMs ?? task.grantedAtMs;
  if (beganAtMs === null) return null;
  const keptAtMs = task.leaseId === null ? null : draft.image.liveLease(task.leaseId)?.checkpointAtMs;
  return Math.max(0, endedAtMs - Math.max(beganAtMs, keptAtMs ?? 0)) / 1_000;
};

/** Work that has to be done again; of an attempt whose worker went away without a word, what no checkpoint was known to keep. */
const lossOf = (draft: Draft, task: TaskRow, ended: EndedAttempt): number | null => {
  if (ended.outcome === 'succeeded') return ended.lostSeconds ?? null;
  return ended.lostSeconds ?? (ended.outcome === 'lost' ? unsafeSeconds(draft, task, ended) : null);
};

/** What of an attempt's work a later one need not do again. */
const keptSeconds = (
  { grantedAtMs }: TaskRow,
  { outcome, startedAtMs, endedAtMs }: EndedAttempt,
  lostSeconds: number | null,
): number => {
  const beganAtMs = startedAtMs ?? grantedAtMs;
  return outcome === 'succeeded' || beganAtMs === null || lostSeconds === null
    ? 0
    : Math.max(0, (endedAtMs - beganAtMs) / 1_000 - lostSeconds);
};

const observe = (
  draft: Draft,
  task: TaskRow,
  ended: EndedAttempt & { readonly startedAtMs: number },
  lostSeconds: number | null,
): void => {
  const run = draft.image.runs.get(task.runId);
  if (run === undefined || task.leaseId === null) return;
  draft.append('observations', {
    number: draft.next('events'),
    leaseId: task.leaseId,
    runId: task.runId,
    taskKey: task.taskKey,
    attempt: task.attempt,
    pipeline: run.pipeline,
    task: taskName(task.taskKey),
    pool: task.request.pool,
    tenant: run.tenant,
    features: task.features,
    estimateSeconds: task.estimateSeconds,
    outcome: ended.outcome,
    runtimeSeconds: Math.max(0, ended.endedAtMs - ended.startedAtMs) / 1_000,
    peakMemoryBytes: ended.usage.peakMemoryBytes,
    cpuSeconds: ended.usage.cpuSeconds,
    lostSeconds,
    unsafeSeconds: ended.outcome === 'preempted' ? unsafeSeconds(draft, task, ended) : null,
    endedAtMs: ended.endedAtMs,
    forecast: task.forecast,
  });
};

/** The run no longer wants the attempt and has not begun it, so that no process can exist. */
export const withdraw = (draft: Draft, task: TaskRow): void => {
  const lease = task.leaseId === null ? undefined : draft.image.liveLease(task.leaseId);
  if (lease) release(draft, lease, null);
  if (task.promised) endPromise(draft, idOfTask(task));
  endWithout(draft, task, 'withdrawn', 'its run no longer wants it');
  draft.event({ kind: 'withdrawn', ...named(task) });
};

/** The policy refuses what it will not let wait. */
export const refuse = (draft: Draft, task: TaskRow, blockers: readonly Blocker[]): void => {
  if (task.promised) endPromise(draft, idOfTask(task));
  const { taskKey, attempt } = task;
  const verdict: Rejected = { kind: 'rejected', taskKey, attempt, revision: task.revision + 1, blockers };
  const message = blockers.map(({ detail }) => detail).join('; ');
  draft.put('tasks', {
    ...task,
    state: 'rejected',
    revision: verdict.revision,
    verdict,
    promised: false,
    endedAtMs: draft.atMs,
    error: { code: blockers[0]?.code ?? 'never-fits', message },
  });
  draft.event({ kind: 'rejected', ...named(task), detail: { ...verdict } });
};

const endWithout = (
  draft: Draft,
  task: TaskRow,
  state: 'withdrawn' | 'revoked',
  why: string,
  lease?: LeaseRow,
): Revoked => {
  const { taskKey, attempt } = task;
  const base = { kind: 'revoked', taskKey, attempt, revision: task.revision + 1, why } as const;
  const verdict: Revoked = lease ? { ...base, leaseId: lease.leaseId, fencing: lease.fencing } : base;
  const endedAtMs = state === 'withdrawn' ? draft.atMs : null;
  draft.put('tasks', { ...task, state, revision: verdict.revision, verdict, endedAtMs, promised: false });
  return verdict;
};

/**
 * The right to run is taken back. The hardware stays taken: the process may still live. `told` says that the workflow knows or
 * is gone; otherwise it hears by signal.
 */
export const revoke = (draft: Draft, lease: LeaseRow, why: string, told: boolean): void => {
  draft.put('leases', { ...lease, state: 'revoked' });
  const task = draft.image.task(lease.runId, lease.taskKey, lease.attempt);
  if (task?.state !== 'running' || task.leaseId !== lease.leaseId) return;
  const verdict = endWithout(draft, task, 'revoked', why, lease);
  draft.event({ kind: 'revoked', ...named(task), detail: { leaseId: lease.leaseId, why } });
  if (!told) signal(draft, task.runId, { workflowId: task.workflowId, name: 'revoke', payload: verdict });
};

/** The lease's hardware is free: its process has ended, or its node has fenced itself. `why` is null where another event tells that. */
export const release = (draft: Draft, lease: LeaseRow, why: string | null): void => {
  draft.put('leases', { ...lease, state: 'released', releasedAtMs: draft.atMs });
  countRelease(draft, lease);
  const heldSeconds = Math.max(0, draft.atMs - lease.grantedAtMs) / 1_000;
  use(draft, lease, heldSeconds * sizeOf(lease.resources) - expectedDeviceSeconds(lease));
  charge(draft, lease);
  if (why === null) return;
  const { leaseId, runId, taskKey, attempt, nodeId } = lease;
  draft.event({ kind: 'released', runId, taskKey, attempt, nodeId, detail: { leaseId, why } });
};

/** Orders a signal. */
export const signal = (
  draft: Draft,
  runId: RunId,
  {
    workflowId,
    name,
    payload,
  }: { readonly workflowId: string; readonly name: string; readonly payload: unknown },
): void => draft.append('outbox', { kind: 'signal', runId, workflowId, name, payload, dueAtMs: draft.atMs });

/** The attempt's id in the planner's snapshot. */
export const idOfTask = ({ runId, taskKey, attempt }: TaskRow): string => attemptId(runId, taskKey, attempt);
