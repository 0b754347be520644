import { type RunId, runId, SignalboxError, type TaskKey, taskName } from '../../domain/index.js';
import type { Ledger, RunDetail, TaskRecord } from '../../ledger/index.js';

/** A run by its id. Throws `not-found`. */
export const runOf = async (ledger: Ledger, id: RunId): Promise<RunDetail> => {
  const found = await ledger.getRun(id);
  if (found === null) throw new SignalboxError('not-found', `There is no run ${id}.`);
  return found;
};

/** Throws `invalid-request` for a cursor that names no run: what an earlier page gave always does. */
export const refuseUnknownCursor = async (ledger: Ledger, cursor: string): Promise<void> => {
  if ((await ledger.getRun(runId(cursor))) !== null) return;
  const problem = {
    path: 'cursor',
    message: 'no page ended there',
    mend: 'give the `next` of an earlier page',
  };
  throw new SignalboxError('invalid-request', `The cursor ${cursor} is unknown.`, [problem]);
};

/** The newest attempt of a run's task. Throws `not-found`, and says whether the task exists at all. */
export const findTask = (run: RunDetail, key: TaskKey): TaskRecord => {
  const found = run.tasks.find(({ taskKey }) => taskKey === key);
  if (found) return found;
  const items = run.tasks.filter(({ taskKey }) => taskName(taskKey) === key);
  if (items.length > 0)
    throw new SignalboxError(
      'not-found',
      `${key} of ${run.runId} is a fan-out: name one of ${namesOf(items)}.`,
    );
  const declared = Object.hasOwn(run.spec.pipeline.tasks, taskName(key));
  throw new SignalboxError(
    'not-found',
    declared
      ? `The task ${key} of ${run.runId} has not begun.`
      : `The run ${run.runId} has no task ${key}; it has ${Object.keys(run.spec.pipeline.tasks).join(', ')}.`,
  );
};

const SHOWN = 5;
const namesOf = (items: readonly TaskRecord[]): string =>
  items
    .slice(0, SHOWN)
    .map(({ taskKey }) => taskKey)
    .join(', ') + (items.length > SHOWN ? `, … (${items.length})` : '');
