import { CancellationScope, patched } from '@temporalio/workflow';
import type { EndedAttempt } from '../src/domain/advance.js';
import type { Granted, Revoked } from '../src/domain/decision.js';
import type { TaskKey } from '../src/domain/ids.js';
import type { PreemptSignal } from '../src/domain/run.js';
import type { TaskActivityInput } from '../src/domain/task-activity.js';
import { type AttemptEnd, LEASE_NAMES_ACTIVITY, runAttempt } from './attempt.js';
import type { Instance } from './graph.js';
import { MessageRoom } from './message-room.js';

interface Attempt {
  readonly start: Start;
  readonly scope: CancellationScope;
  preempting: boolean;
  /** Why its lease was taken back. */
  revoked: string | null;
}

/** What is handed to an attempt when it starts. */
export interface Start {
  readonly instance: Instance;
  readonly granted: Granted;
  readonly input: TaskActivityInput;
  readonly timeoutSeconds: number;
  readonly summary: string;
}

/** The attempts that run now, each in a scope of its own, so that one can be asked to leave without the others. */
export class RunningAttempts {
  private readonly attempts = new Map<TaskKey, Attempt>();
  private readonly room = new MessageRoom();
  /** Not the scope of whichever signal launches an attempt: a cancelled run must still be able to compensate. */
  private readonly home = CancellationScope.current();

  constructor(private readonly onEnd: (start: Start, end: AttemptEnd) => void) {}

  get count(): number {
    return this.attempts.size;
  }

  /** Whether an attempt runs under this lease. */
  holds(leaseId: Granted['lease']['id']): boolean {
    return [...this.attempts.values()].some(({ start }) => start.granted.lease.id === leaseId);
  }

  /** The leases that the run believes it holds. */
  get held(): { leaseId: Granted['lease']['id']; fencing: number }[] {
    const leases = [...this.attempts.values()].map(({ start }) => start.granted.lease);
    return leases.map(({ id, fencing }) => ({ leaseId: id, fencing }));
  }

  /** Starts an attempt; its end is reported once, whatever becomes of it. */
  launch(start: Start): void {
    const scope = new CancellationScope({ cancellable: true, parent: this.home });
    const attempt: Attempt = { start, scope, preempting: false, revoked: null };
    this.attempts.set(start.instance.key, attempt);
    void scope
      .run(() => runAttempt(start.input, start.timeoutSeconds, start.summary, this.room))
      .then((end) => this.end(start, attempt.revoked === null ? end : lost(end, attempt.revoked)));
  }

  /** Asks one attempt to make room. A signal for another lease than the one it holds is late and means nothing. */
  preempt({ leaseId, fencing }: PreemptSignal): void {
    for (const attempt of this.attempts.values()) {
      const { lease } = attempt.start.granted;
      if (lease.id !== leaseId || lease.fencing !== fencing || attempt.preempting) continue;
      attempt.preempting = true;
      attempt.scope.cancel();
    }
  }

  /**
   * Its lease is gone. It is over as soon as Temporal knows how: whoever delivers this word ends the activity too, unless its
   * worker has reported before. What stands on record as completed is completed, and is not done again. False where nothing
   * runs under it.
   */
  revoke(key: TaskKey, why: string): boolean {
    const attempt = this.attempts.get(key);
    if (attempt === undefined) return false;
    if (patched(LEASE_NAMES_ACTIVITY)) attempt.revoked = why;
    else this.end(attempt.start, lost(NOTHING_KNOWN, why));
    attempt.scope.cancel();
    return true;
  }

  /** Asks all to end; each is waited for. */
  cancelAll(): void {
    for (const attempt of this.attempts.values()) attempt.scope.cancel();
  }

  private end(start: Start, end: AttemptEnd): void {
    if (this.attempts.get(start.instance.key)?.start !== start) return;
    this.attempts.delete(start.instance.key);
    this.onEnd(start, end);
  }
}

/** The end of an attempt whose lease was taken back: only a success counts for more than that. */
const lost = (end: AttemptEnd, why: string): AttemptEnd =>
  end.outcome === 'succeeded'
    ? end
    : { ...end, outcome: 'lost', error: { code: 'lease-revoked', message: why } };

const NOTHING_KNOWN: AttemptEnd = { outcome: 'lost', result: null, error: null, checkpoint: null };

/** A lease that was granted but not used: no process ever ran under it. */
export const returned = ({ taskKey, attempt, lease }: Granted, atMs: number): EndedAttempt => ({
  ...{ taskKey, attempt, leaseId: lease.id, fencing: lease.fencing },
  ...{ outcome: 'cancelled', nodeId: lease.nodeId, startedAtMs: null, endedAtMs: atMs, processEnded: true },
  usage: { peakMemoryBytes: null, cpuSeconds: null },
});

/** A lease that was taken back before the run ever heard that it had it. */
export const neverKnown = (
  { taskKey, attempt, leaseId, fencing, why }: Revoked,
  atMs: number,
): EndedAttempt[] =>
  leaseId === undefined || fencing === undefined
    ? []
    : [
        {
          ...{ taskKey, attempt, leaseId, fencing, outcome: 'lost', nodeId: null },
          ...{ error: { code: 'lease-revoked', message: why }, startedAtMs: null, endedAtMs: atMs },
          ...{ usage: { peakMemoryBytes: null, cpuSeconds: null }, processEnded: false },
        },
      ];

/** What the policy activity is told of an attempt that is over. */
export const endedAttempt = ({ granted, instance }: Start, end: AttemptEnd, atMs: number): EndedAttempt => ({
  taskKey: instance.key,
  attempt: granted.attempt,
  leaseId: granted.lease.id,
  fencing: granted.lease.fencing,
  outcome: end.outcome,
  ...(end.error ? { error: end.error } : {}),
  ...(end.result ? { outputs: end.result.outputs, lostSeconds: end.result.lostSeconds } : {}),
  nodeId: end.result?.nodeId ?? granted.lease.nodeId,
  startedAtMs: end.result?.startedAtMs ?? null,
  endedAtMs: end.result?.endedAtMs ?? atMs,
  usage: end.result?.usage ?? { peakMemoryBytes: null, cpuSeconds: null },
  // Cancelled without a word from a worker: Temporal withdrew it before any worker took it.
  processEnded: end.result !== null || end.outcome === 'cancelled' || end.outcome === 'preempted',
});
