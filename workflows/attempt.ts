import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  scheduleActivity,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { TaskError } from '../src/domain/advance.js';
import type { Outcome } from '../src/domain/forecast.js';
import type { FileRef } from '../src/domain/json.js';
import type { TaskActivityInput, TaskActivityResult } from '../src/domain/task-activity.js';
import type { MessageRoom } from './message-room.js';
import { sizeOf } from './scope.js';

/** A worker that says nothing for so long is taken for gone; tasks report every second or so. */
const HEARTBEAT_TIMEOUT = '15s';

/** What became of an attempt; `result` is null where no worker reported, so that its process may still live. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly result: TaskActivityResult | null;
  readonly error: TaskError | null;
  /** The newest checkpoint that a worker has kept, if any. */
  readonly checkpoint: FileRef | null;
}

/**
 * Runs one granted attempt as an activity on the queue that its lease names, and always resolves. The user's timeout is
 * the only limit on its run; Temporal never retries it, because each attempt needs a lease of its own.
 */
export const runAttempt = async (
  input: TaskActivityInput,
  timeoutSeconds: number,
  summary: string,
  room: MessageRoom,
): Promise<AttemptEnd> => {
  try {
    await room.take(sizeOf(input.run));
    const result = await scheduleActivity<TaskActivityResult>(input.run.kind, [input], {
      taskQueue: input.lease.taskQueue,
      startToCloseTimeout: timeoutSeconds * 1000,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary,
    });
    return { outcome: result.outcome, result, error: result.error ?? null, checkpoint: result.checkpoint };
  } catch (error) {
    return endOf(error);
  }
};

const endOf = (error: unknown): AttemptEnd => {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return timedOut(cause);
  const result =
    cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? detail(cause) : null;
  const checkpoint = result?.checkpoint ?? null;
  if (cause instanceof CancelledFailure) return { outcome: 'cancelled', result, error: null, checkpoint };
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'internal') : 'internal';
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    outcome: result?.outcome ?? 'failed',
    result,
    error: result?.error ?? { code, message },
    checkpoint,
  };
};

const detail = (failure: ApplicationFailure | CancelledFailure): TaskActivityResult | null =>
  (failure.details?.[0] as TaskActivityResult | undefined) ?? null;

/** Past its own `timeout` a task has failed; without heartbeats its worker is gone, which is not its fault. */
const timedOut = (failure: TimeoutFailure): AttemptEnd => {
  const beat = failure.lastHeartbeatDetails as { readonly checkpoint?: FileRef } | undefined;
  const left = { result: null, checkpoint: beat?.checkpoint ?? null };
  return failure.timeoutType === 'START_TO_CLOSE'
    ? { ...left, outcome: 'failed', error: { code: 'timeout', message: 'It ran longer than its timeout.' } }
    : { ...left, outcome: 'lost', error: { code: 'worker-lost', message: 'Its worker stopped reporting.' } };
};
