import { type Revoked, sizeOf } from '../../../domain/index.js';
import type { LeaseRow, TaskRow } from '../../rows/index.js';
import { countRelease } from '../breakers.js';
import { charge } from '../charges.js';
import type { Draft } from '../draft.js';
import { idOfTask, named } from './attempt.js';
import { endPromise } from './give-way.js';
import { signal } from './signal.js';
import { expectedDeviceSeconds, use } from './use.js';

/** The run no longer wants the attempt and has not begun it, so that no process can exist. */
export const withdraw = (draft: Draft, task: TaskRow): void => {
  const lease = task.leaseId === null ? undefined : draft.image.liveLease(task.leaseId);
  if (lease) release(draft, lease, null);
  if (task.promised) endPromise(draft, idOfTask(task));
  endWithout(draft, task, 'withdrawn', 'its run no longer wants it');
  draft.event({ kind: 'withdrawn', ...named(task) });
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
