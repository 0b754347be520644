import type { Preemption } from '../../../planner/index.js';
import type { LeaseRow } from '../../rows/index.js';
import type { Draft } from '../draft.js';
import { signal } from './signal.js';

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
export const endPromise = (draft: Draft, id: string): void => {
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
