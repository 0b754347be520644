import { type EndedAttempt, OUT_OF_MEMORY, taskName } from '../../../domain/index.js';
import type { TaskRow } from '../../rows/index.js';
import { workChanged } from '../arriving.js';
import { costOf } from '../attempt-cost.js';
import { countEnd } from '../breakers.js';
import type { Draft } from '../draft.js';
import { moreMemoryFor } from '../more-memory.js';
import { deviceSecondsOf } from '../run-work.js';
import { named } from './attempt.js';

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
