import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { JsonValue, NodeId, TaskActivityResult, TaskError } from '../../src/domain/index.js';
import { LeaseRefused } from './agent.js';
import { TaskFailure } from './failure.js';
import type { OpenAttempt } from './open-attempt.js';

/** How an attempt ended, before it is said in Temporal's terms. */
export type Ending = Pick<TaskActivityResult, 'outcome'> & {
  readonly outputs?: Readonly<Record<string, JsonValue>>;
  readonly error?: TaskError;
  readonly exitCode?: number | null;
};

/** What was seen of an attempt while it ran. */
export type Seen = Pick<
  OpenAttempt,
  'startedAtMs' | 'workedUntilMs' | 'progress' | 'checkpoint' | 'usage' | 'lostSeconds'
>;

/** The worker may not use the lease; any other error is thrown on. */
export const refused = (error: unknown): Ending => {
  if (!(error instanceof LeaseRefused)) throw error;
  return { outcome: 'lost', error: { code: 'lease-refused', message: error.message } };
};

/** The task's own failure, or whatever else was thrown. */
export const failed = (error: unknown): Ending => {
  if (error instanceof TaskFailure) {
    const { code, message, final, exitCode } = error;
    return { outcome: 'failed', error: { code, message, ...(final ? { final } : {}) }, exitCode };
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  return {
    outcome: 'failed',
    error: { code: typeof code === 'string' ? code : 'task-error', message: String(message ?? error) },
  };
};

/** Why the attempt had to leave. Temporal's cancellation does not say whether it was a cancel or a preemption: the workflow knows. */
export const stopped = (signal: AbortSignal): Ending => {
  const { kind, message } =
    signal.reason instanceof CancelledFailure
      ? {
          kind: signal.reason.message === 'WORKER_SHUTDOWN' ? 'draining' : 'cancelled',
          message: signal.reason.message,
        }
      : (signal.reason as { kind: string; message: string });
  if (kind === 'draining') return { outcome: 'preempted', error: { code: 'worker-draining', message } };
  if (kind === 'preempted') return { outcome: 'preempted', error: { code: 'preempted', message } };
  if (kind === 'revoked') return { outcome: 'lost', error: { code: 'lease-revoked', message } };
  return {
    outcome: 'cancelled',
    error: { code: 'cancelled', message: `The attempt was cancelled (${message}).` },
  };
};

/** The result that the workflow gets, success or not. */
export const resultOf = (
  nodeId: NodeId,
  { startedAtMs, workedUntilMs, progress, checkpoint, usage, lostSeconds }: Seen,
  { outcome, outputs = {}, error, exitCode = null }: Ending,
): TaskActivityResult => ({
  outcome,
  outputs,
  ...(error === undefined ? {} : { error }),
  nodeId,
  startedAtMs,
  endedAtMs: outcome === 'succeeded' ? Date.now() : workedUntilMs,
  usage,
  exitCode,
  checkpoint,
  progress,
  lostSeconds: outcome === 'succeeded' ? 0 : lostSeconds,
});

/** A success is returned; anything else is thrown with the result as its only detail. Benign: a task's failure is none of the worker's. */
export const said = (result: TaskActivityResult): TaskActivityResult => {
  if (result.outcome === 'succeeded') return result;
  const { code, message } = result.error ?? { code: 'internal', message: 'No reason was given.' };
  if (result.outcome === 'cancelled') throw new CancelledFailure(message, [result]);
  throw ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: true,
    details: [result],
    category: ApplicationFailureCategory.BENIGN,
  });
};
