import type { Blocker, Deferred, Rejected } from '../../../domain/index.js';
import type { Deferral } from '../../../planner/index.js';
import type { TaskRow } from '../../rows/index.js';
import type { Draft } from '../draft.js';
import { idOfTask, named } from './attempt.js';
import { endPromise } from './give-way.js';

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
