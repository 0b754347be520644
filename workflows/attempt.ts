import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  patched,
  scheduleActivity,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { TaskError } from '../src/domain/advance.js';
import type { Outcome } from '../src/domain/forecast.js';
import type { FileRef } from '../src/domain/json.js';
import {
  FENCED,
  type TaskActivityInput,
  type TaskActivityResult,
  type TaskHeartbeat,
} from '../src/domain/task-activity.js';
import type { MessageRoom } from './message-room.js';
import { sizeOf } from './scope.js';

/** A worker that says nothing for so long is taken for gone; tasks report every second or so. */
const HEARTBEAT_TIMEOUT = '15s';

/** Histories from before activities had the id of their lease, by which others than their worker can end them. */
export const LEASE_NAMES_ACTIVITY = 'lease-names-activity';

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
  const named = patched(LEASE_NAMES_ACTIVITY) ? { activityId: input.lease.id } : {};
  try {
    await room.take(sizeOf(input.run));
    const result = await scheduleActivity<TaskActivityResult>(input.run.kind, [input], {
      taskQueue: input.lease.taskQueue,
      startToCloseTimeout: timeoutSeconds * 1000,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { maximumAttempts: 1 },
      ...named,
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
  if (cause instanceof ApplicationFailure && cause.type === FENCED) return fenced(cause);
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

/** Its lease was taken back, and its worker had not yet said how it ended: it never will. */
const fenced = ({ message, details }: ApplicationFailure): AttemptEnd => {
  const beat = details?.[0] as Partial<TaskHeartbeat> | null | undefined;
  return {
    outcome: 'lost',
    result: null,
    error: { code: 'lease-revoked', message },
    checkpoint: beat?.checkpoint ?? null,
  };
};

/** Past its own `timeout` a task has failed; without heartbeats its worker is gone, which is not its fault. */
const timedOut = (failure: TimeoutFailure): AttemptEnd => {
  const beat = failure.lastHeartbeatDetails as { readonly checkpoint?: FileRef } | undefined;
  const left = { result: null, checkpoint: beat?.checkpoint ?? null };
  return failure.timeoutType === 'START_TO_CLOSE'
    ? { ...left, outcome: 'failed', error: { code: 'timeout', message: 'It ran longer than its timeout.' } }
    : { ...left, outcome: 'lost', error: { code: 'worker-lost', message: 'Its worker stopped reporting.' } };
};
