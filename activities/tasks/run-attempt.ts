import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type {
  JsonValue,
  NodeId,
  TaskActivityInput,
  TaskActivityResult,
  TaskError,
  TaskHeartbeat,
  TaskRun,
} from '../../src/domain/index.js';
import { withLocalPaths } from '../artifacts/index.js';
import { type Hold, LeaseRefused } from './agent.js';
import type { Attempt, Worked } from './attempt.js';
import { TaskFailure } from './failure.js';
import { type AttemptSettings, type OpenAttempt, openAttempt } from './open-attempt.js';
import { publishOutputs } from './outputs.js';

/** One kind of task. `quote` makes a local path safe within its texts. */
export interface Kind<Run extends TaskRun> {
  work(run: Run, attempt: Attempt): Promise<Worked>;
  quote?(path: string): string;
}

const BEAT_MS = 1000;

/** How an attempt ended, before it is said in Temporal's terms. */
type Ending = Pick<TaskActivityResult, 'outcome'> & {
  readonly outputs?: Readonly<Record<string, JsonValue>>;
  readonly error?: TaskError;
  readonly exitCode?: number | null;
};

/**
 * Makes an activity of a kind of task: takes the lease, runs the attempt while heartbeating, keeps its checkpoint, gives the
 * lease back when its processes have gone, and says how it ended as the contract in `task-activity.ts` wants it.
 */
export const activityOf =
  <Run extends TaskRun>(settings: AttemptSettings, kind: Kind<Run>) =>
  async (input: TaskActivityInput): Promise<TaskActivityResult> => {
    const startedAtMs = Date.now();
    const hold = await taken(settings, input, startedAtMs);
    const open = openAttempt(settings, input, hold, Context.current().cancellationSignal);
    const beat = setInterval(() => heartbeat(open), BEAT_MS);
    try {
      const ending = await end(settings, kind, input, open);
      await open.finish(ending.outcome === 'succeeded');
      return said(result(settings.agent.nodeId, startedAtMs, open, ending));
    } finally {
      clearInterval(beat);
      hold.end();
    }
  };

const heartbeat = (open: OpenAttempt): void => {
  open.beat();
  const { progress, checkpoint } = open;
  Context.current().heartbeat({ progress, checkpoint } satisfies TaskHeartbeat);
};

/** The lease, or the failure that says why this worker may not use it. Waiting for hardware is heartbeated too. */
const taken = async (
  { agent, log }: AttemptSettings,
  input: TaskActivityInput,
  startedAtMs: number,
): Promise<Hold> => {
  const { cancellationSignal } = Context.current();
  const beat = setInterval(
    () =>
      Context.current().heartbeat({ progress: null, checkpoint: input.checkpoint } satisfies TaskHeartbeat),
    BEAT_MS,
  );
  try {
    return await agent.take(input.lease, cancellationSignal);
  } catch (error) {
    const nothing = { progress: null, checkpoint: input.checkpoint, usage: NOT_MEASURED, lostSeconds: 0 };
    const ending = cancellationSignal.aborted ? stopped(cancellationSignal) : refused(error);
    log.warn({ lease: input.lease.id, task: input.taskKey, error }, 'The lease was not taken');
    return said(result(agent.nodeId, startedAtMs, nothing, ending)) as never;
  } finally {
    clearInterval(beat);
  }
};

const NOT_MEASURED = { peakMemoryBytes: null, cpuSeconds: null };

const refused = (error: unknown): Ending => {
  if (!(error instanceof LeaseRefused)) throw error;
  return { outcome: 'lost', error: { code: 'lease-refused', message: error.message } };
};

const end = async <Run extends TaskRun>(
  { workspace, log }: AttemptSettings,
  kind: Kind<Run>,
  input: TaskActivityInput,
  open: OpenAttempt,
): Promise<Ending> => {
  try {
    await open.restore();
    const run = await withLocalPaths(input.run as Run, workspace, kind.quote);
    open.attempt.leave.throwIfAborted();
    const { outputs, exitCode = null } = await kind.work(run, open.attempt);
    return { outcome: 'succeeded', outputs: await publishOutputs(open.attempt, outputs), exitCode };
  } catch (error) {
    if (open.attempt.kill.aborted) return stopped(open.attempt.kill);
    if (open.attempt.leave.aborted) return stopped(open.attempt.leave);
    log.info({ run: input.runId, task: input.taskKey, attempt: input.attempt, error }, 'The attempt failed');
    return failed(error);
  }
};

const failed = (error: unknown): Ending => {
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
const stopped = (signal: AbortSignal): Ending => {
  const { kind, message } =
    signal.reason instanceof CancelledFailure
      ? {
          kind: signal.reason.message === 'WORKER_SHUTDOWN' ? 'draining' : 'cancelled',
          message: signal.reason.message,
        }
      : (signal.reason as { kind: string; message: string });
  if (kind === 'draining') return { outcome: 'preempted', error: { code: 'worker-draining', message } };
  if (kind === 'revoked') return { outcome: 'lost', error: { code: 'lease-revoked', message } };
  return {
    outcome: 'cancelled',
    error: { code: 'cancelled', message: `The attempt was cancelled (${message}).` },
  };
};

const result = (
  nodeId: NodeId,
  startedAtMs: number,
  {
    progress,
    checkpoint,
    usage,
    lostSeconds,
  }: Pick<OpenAttempt, 'progress' | 'checkpoint' | 'usage' | 'lostSeconds'>,
  { outcome, outputs = {}, error, exitCode = null }: Ending,
): TaskActivityResult => ({
  outcome,
  outputs,
  ...(error === undefined ? {} : { error }),
  nodeId,
  startedAtMs,
  endedAtMs: Date.now(),
  usage,
  exitCode,
  checkpoint,
  progress,
  lostSeconds: outcome === 'succeeded' ? 0 : lostSeconds,
});

/** A success is returned; anything else is thrown with the result as its only detail. Benign: a task's failure is none of the worker's. */
const said = (result: TaskActivityResult): TaskActivityResult => {
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
