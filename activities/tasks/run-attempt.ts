import { Context } from '@temporalio/activity';
import type {
  Lease,
  TaskActivityInput,
  TaskActivityResult,
  TaskHeartbeat,
  TaskRun,
} from '../../src/domain/index.js';
import { type Workspace, withLocalPaths } from '../artifacts/index.js';
import { type Hold, LeaseRefused } from './agent.js';
import type { Attempt, Worked } from './attempt.js';
import { type Ending, failed, refused, resultOf, said, stopped } from './ending.js';
import { checkedInput } from './input.js';
import { type AttemptSettings, type OpenAttempt, openAttempt } from './open-attempt.js';
import { publishOutputs } from './outputs.js';

/** One kind of task. `quote` makes a local path safe within its texts. */
export interface Kind<Run extends TaskRun> {
  work(run: Run, attempt: Attempt): Promise<Worked>;
  quote?(path: string): string;
}

const BEAT_MS = 1000;

/**
 * Makes an activity of a kind of task: takes the lease, runs the attempt while heartbeating, gives the lease back as soon as its
 * processes have gone, publishes outputs and checkpoint, and says how it ended as the contract in `task-activity.ts` wants it.
 */
export const activityOf =
  <Run extends TaskRun>(settings: AttemptSettings, kind: Kind<Run>) =>
  async (given: TaskActivityInput): Promise<TaskActivityResult> => {
    const input = checkedInput(given);
    const hold = await taken(settings, input);
    const open = openAttempt(settings, input, hold, Context.current().cancellationSignal);
    const stopBeating = every(BEAT_MS, () => {
      open.beat();
      heartbeat(open);
    });
    try {
      const ending = await ended(settings, kind, open);
      await open.finish(ending.outcome === 'succeeded');
      return said(resultOf(settings.agent.nodeId, open, ending));
    } finally {
      stopBeating();
    }
  };

const heartbeat = ({ progress, checkpoint }: Pick<OpenAttempt, 'progress' | 'checkpoint'>): void =>
  Context.current().heartbeat({ progress, checkpoint } satisfies TaskHeartbeat);

const every = (periodMs: number, act: () => void): (() => void) => {
  const timer = setInterval(act, periodMs);
  return () => clearInterval(timer);
};

/** The lease, or the failure that says why this worker may not use it. Waiting for hardware is heartbeated too. */
const taken = async ({ agent, log }: AttemptSettings, input: TaskActivityInput): Promise<Hold> => {
  const { cancellationSignal } = Context.current();
  const atMs = Date.now();
  const nothing = { ...NOTHING_SEEN, startedAtMs: atMs, workedUntilMs: atMs, checkpoint: input.checkpoint };
  const stopBeating = every(BEAT_MS, () => heartbeat(nothing));
  try {
    checkExecution(input.lease);
    return await agent.take(input.lease, cancellationSignal);
  } catch (err) {
    log.warn({ lease: input.lease.id, task: input.taskKey, err }, 'The lease was not taken');
    const ending = cancellationSignal.aborted ? stopped(cancellationSignal) : refused(err);
    return said(resultOf(agent.nodeId, nothing, ending)) as never;
  } finally {
    stopBeating();
  }
};

/** A reset dispatches its activities again, with leases that the ledger has taken back by then, and on any node. */
const checkExecution = ({ id, executionId }: Lease): void => {
  const { workflowExecution } = Context.current().info;
  if (executionId !== undefined && executionId !== workflowExecution?.runId)
    throw new LeaseRefused(`Lease ${id} was given to an execution of its workflow that has been replaced.`);
};

const NOTHING_SEEN = {
  progress: null,
  usage: { peakMemoryBytes: null, cpuSeconds: null },
  lostSeconds: 0,
};

const ended = async <Run extends TaskRun>(
  { workspace, log }: AttemptSettings,
  kind: Kind<Run>,
  { attempt, restore, workEnded }: OpenAttempt,
): Promise<Ending> => {
  try {
    const worked = await work(kind, attempt, restore, workspace).finally(workEnded);
    const { exitCode = null } = worked;
    return { outcome: 'succeeded', outputs: await publishOutputs(attempt, worked.outputs), exitCode };
  } catch (err) {
    if (attempt.kill.aborted) return stopped(attempt.kill);
    if (attempt.leave.aborted) return stopped(attempt.leave);
    const { runId, taskKey, attempt: number } = attempt.input;
    log.info({ run: runId, task: taskKey, attempt: number, err }, 'The attempt failed');
    return failed(err);
  }
};

const work = async <Run extends TaskRun>(
  kind: Kind<Run>,
  attempt: Attempt,
  restore: () => Promise<void>,
  workspace: Workspace,
): Promise<Worked> => {
  await restore();
  const run = await withLocalPaths(attempt.input.run as Run, workspace, kind.quote);
  attempt.leave.throwIfAborted();
  return kind.work(run, attempt);
};
