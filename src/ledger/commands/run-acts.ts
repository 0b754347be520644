import {
  type Act,
  type ActAnswer,
  type PipelineSignals,
  type RunId,
  type RunOrder,
  SignalboxError,
} from '../../domain/index.js';
import { stamp } from '../../planner/index.js';
import { NO_ORDERS, type Orders, type RunRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { signal } from '../state/transitions/index.js';
import { withRun } from './runs.js';

/** A person acts on a run. Throws `not-found`, `run-over`, and `invalid-request` for a deadline that has passed. */
export const actOnRun = (runId: RunId, order: RunOrder, act: Act): Command<ActAnswer> =>
  withOpenRun(runId, (draft, run) => {
    switch (order.act) {
      case 'cancel':
        return cancel(draft, run, act);
      case 'pause':
      case 'resume':
        return setPaused(draft, run, order.act, act);
      case 'priority':
        return setPriority(draft, run, order.priorityClass, act);
      case 'deadline':
        return setDeadline(draft, run, order.deadlineAtMs, act);
    }
  });

/** Works on a run that has not ended. */
export const withOpenRun = <Answer>(
  runId: RunId,
  act: (draft: Draft, run: RunRow) => Answer,
): Command<Answer> =>
  withRun(runId, (draft, run) => {
    if (run.status === 'running') return act(draft, run);
    throw new SignalboxError('run-over', `The run ${runId} ${HOW_IT_ENDED[run.status]}.`);
  });

const HOW_IT_ENDED = {
  succeeded: 'has already succeeded',
  failed: 'has already failed',
  cancelled: 'has already been cancelled',
} as const;

const cancel = (draft: Draft, { runId }: RunRow, act: Act): ActAnswer => {
  signal(draft, runId, { workflowId: runId, name: 'cancel', payload: { reason: act.reason } });
  draft.event({ kind: 'act', runId, detail: { act: 'cancel', ...act } });
  return { changed: true, sentence: `Asked ${runId} to stop; its running tasks get their grace.` };
};

/**
 * Nothing is asked only where the run says that it is so, and nobody has ordered otherwise since: between the order and the run's
 * next turn the two differ.
 */
const setPaused = (draft: Draft, run: RunRow, name: 'pause' | 'resume', act: Act): ActAnswer => {
  const { runId } = run;
  const paused = name === 'pause';
  const before = run.paused;
  if (before === paused && (run.orders?.paused ?? paused) === paused)
    return { changed: false, sentence: `${runId} ${paused ? 'was paused already' : 'was not paused'}.` };
  order(draft, run, { paused });
  draft.event({ kind: 'act', runId, detail: { act: name, ...act, before, after: paused } });
  tellWorkflow(draft, runId, name, { reason: act.reason });
  const sentence = paused
    ? `Asked ${runId} to pause: what runs goes on, nothing new starts.`
    : `Asked ${runId} to go on.`;
  return { changed: true, sentence };
};

const setPriority = (
  draft: Draft,
  run: RunRow,
  priorityClass: RunRow['priorityClass'],
  act: Act,
): ActAnswer => {
  const { runId } = run;
  const before = run.priorityClass;
  if (before === priorityClass && (run.orders?.priorityClass ?? before) === before)
    return { changed: false, sentence: `${runId} had priority ${priorityClass} already.` };
  order(draft, run, { priorityClass });
  draft.event({ kind: 'act', runId, detail: { act: 'priority', ...act, before, after: priorityClass } });
  tellWorkflow(draft, runId, 'setPriority', { priorityClass, reason: act.reason });
  return { changed: true, sentence: `Asked ${runId} to take priority ${priorityClass}.` };
};

/** The ledger's own, so that no reset of the workflow forgets it: the planner reads it here. */
const setDeadline = (draft: Draft, run: RunRow, deadlineAtMs: number | null, act: Act): ActAnswer => {
  const { runId, deadlineAtMs: before } = run;
  const words = deadlineAtMs === null ? 'no deadline' : `the deadline ${stamp(deadlineAtMs)}`;
  if (deadlineAtMs !== null && deadlineAtMs <= draft.atMs) {
    const problem = { path: 'deadline', message: 'has passed', mend: 'give a time to come, or none' };
    throw new SignalboxError('invalid-request', `${stamp(deadlineAtMs)} has passed.`, [problem]);
  }
  if (before === deadlineAtMs) return { changed: false, sentence: `${runId} had ${words} already.` };
  // What was foreseen of the old one is void; the next look at the run judges the new one.
  order(draft, { ...run, deadlineAtMs, outlook: null }, { deadlineAtMs });
  draft.event({ kind: 'act', runId, detail: { act: 'deadline', ...act, before, after: deadlineAtMs } });
  return { changed: true, sentence: `${runId} has ${words} now.` };
};

/** Orders a signal, numbered by the event that was recorded last. */
export const tellWorkflow = <Name extends 'pause' | 'resume' | 'setPriority'>(
  draft: Draft,
  runId: RunId,
  name: Name,
  ordered: PipelineSignals[Name],
): void => {
  const payload = { ...ordered, number: draft.image.head.events };
  signal(draft, runId, { workflowId: runId, name, payload });
};

/** Adds to what people have ordered of a run. */
export const order = (draft: Draft, run: RunRow, orders: Partial<Orders>): void =>
  draft.put('runs', { ...run, orders: { ...(run.orders ?? NO_ORDERS), ...orders } });
