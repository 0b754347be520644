import type { RunEnd, RunId } from '../../domain/index.js';
import { POOLS, SignalboxError } from '../../domain/index.js';
import type { RunRow } from '../rows/index.js';
import { workChanged, workEnds } from '../state/arriving.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { lengthsOf, widthsOf } from '../state/run-length.js';
import { loadRuns } from '../state/sync.js';
import { revoke, withdraw } from '../state/transitions/index.js';

/** Settles a run: it is over, its waiting tasks are withdrawn, and what it still holds is taken back. */
export const endRun = (draft: Draft, run: RunRow, { status, error }: RunEnd): void => {
  if (run.status === status && run.endedAtMs !== null) return;
  const work = draft.image.workOf(run.runId);
  if (work.row !== undefined) {
    for (const pool of POOLS) workChanged(draft, pool, -work.left(pool));
    workEnds(draft, lengthsOf(widthsOf(work.row), draft.image.tasksOf(run.runId), draft.atMs));
  }
  giveUp(draft, run.runId, () => true);
  if (isLate(run, draft.atMs) && run.outlook?.deadline !== 'missed')
    draft.event({ kind: 'deadline-missed', runId: run.runId, detail: { deadlineAtMs: run.deadlineAtMs } });
  draft.put('runs', { ...run, status, error: error ?? null, endedAtMs: draft.atMs });
  draft.event({ kind: 'run-ended', runId: run.runId, detail: { status, ...(error ? { error } : {}) } });
};

const isLate = ({ deadlineAtMs }: RunRow, atMs: number): boolean =>
  deadlineAtMs !== null && atMs > deadlineAtMs;

const giveUp = (draft: Draft, runId: RunId, of: (workflowId: string) => boolean): void => {
  for (const task of draft.image.tasksOf(runId)) {
    if (task.state === 'waiting' && of(task.workflowId)) withdraw(draft, task);
  }
  for (const lease of draft.image.leasesWhere((lease) => lease.runId === runId && of(lease.workflowId))) {
    if (lease.state !== 'revoked') revoke(draft, lease, 'its run has ended', true);
  }
};

/** Works on a run, also one that has ended. Throws `not-found`. */
export const withRun = <Answer>(
  runId: RunId,
  act: (draft: Draft, run: RunRow) => Answer,
): Command<Answer> => ({
  async prepare(database, image) {
    if (image.runs.get(runId) === undefined) await loadRuns(database, image, [runId]);
  },
  apply(draft) {
    const run = draft.image.runs.get(runId);
    if (run === undefined) throw new SignalboxError('not-found', `There is no run ${runId}.`);
    draft.touchRun(runId);
    const answer = act(draft, run);
    return () => answer;
  },
});

/** Settles a run whose workflow ended without its last turn. */
export const closeRun = (runId: RunId, end: RunEnd): Command<void> =>
  withRun(runId, (draft, run) => {
    if (run.status === 'running') endRun(draft, run, end);
  });

/** Gives up what a workflow that has ended still holds or awaits. */
export const closeWorkflow = (runId: RunId, workflowId: string): Command<void> =>
  withRun(runId, (draft) => {
    giveUp(draft, runId, (other) => other === workflowId);
    for (const execution of draft.image.executionsOf(runId)) {
      if (execution.workflowId === workflowId && !execution.closed)
        draft.put('executions', { ...execution, closed: true });
    }
  });
