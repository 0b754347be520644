import type { LeaseRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import { moreMemoryFor, usualPeakOf } from '../state/more-memory.js';
import { remindToGiveWay } from '../state/transitions/index.js';

/**
 * A task is about to need more memory than its lease holds: it leaves before it is killed, and its next attempt asks for more.
 * Left alone where no node has more, or where its earlier attempts never needed more.
 */
export const moveToMoreMemory = (
  draft: Draft,
  lease: LeaseRow,
  memoryBytes: number | null,
  fullInSeconds: number,
): void => {
  const { leaseId, runId, taskKey, attempt, nodeId, resources } = lease;
  const task = draft.image.task(runId, taskKey, attempt);
  if (task === undefined) return;
  const usualPeakBytes = usualPeakOf(draft, task);
  const isUsual = usualPeakBytes !== null && usualPeakBytes <= resources.memoryBytes;
  const moreBytes = isUsual ? null : moreMemoryFor(draft, task, memoryBytes);
  draft.event({
    kind: 'memory-pressure',
    ...{ runId, taskKey, attempt, nodeId },
    detail: {
      ...{ leaseId, memoryBytes, leasedBytes: resources.memoryBytes, fullInSeconds, moreBytes },
      usualPeakBytes: isUsual ? usualPeakBytes : null,
    },
  });
  if (moreBytes !== null) draft.put('tasks', { ...task, moreMemoryBytes: moreBytes });
  const leaves = moreBytes !== null && lease.state === 'held';
  const next: LeaseRow = {
    ...lease,
    memoryPressureAtMs: draft.atMs,
    ...(leaves ? { state: 'preempting', preemptingAtMs: draft.atMs } : {}),
  };
  draft.put('leases', next);
  if (leaves) remindToGiveWay(draft, next);
};
