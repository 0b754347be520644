import type { Forecast } from './forecast.js';
import type { LeaseId, TaskKey } from './ids.js';
import type { JsonValue } from './json.js';
import type { Lease } from './lease.js';
import type { Blocker } from './reasons.js';

interface VerdictBase {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  /** Grows with each change of this attempt's state; the highest revision wins, whether answer or signal. */
  readonly revision: number;
}

/** The task may run, now, there. */
export interface Granted extends VerdictBase {
  readonly kind: 'granted';
  readonly lease: Lease;
  readonly forecast: Forecast;
  readonly waitedSeconds: number;
}

/** The task waits: for what, until about when. */
export interface Deferred extends VerdictBase {
  readonly kind: 'deferred';
  readonly blockers: readonly Blocker[];
  readonly forecast: Forecast;
  /** Place among the waiting work of its pool, from 1. */
  readonly position: number;
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
  /** Until when the policy itself holds it at most; null where it does not, or without an end. */
  readonly heldUntilMs?: number | null;
}

/** The task can never run. */
export interface Rejected extends VerdictBase {
  readonly kind: 'rejected';
  readonly blockers: readonly Blocker[];
}

/** The same inputs gave a result before: the task need not run. */
export interface Reused extends VerdictBase {
  readonly kind: 'reused';
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly fromRunId: string;
}

/** The attempt's lease is gone (node lost, fenced): the attempt is over, whatever it still does. */
export interface Revoked extends VerdictBase {
  readonly kind: 'revoked';
  readonly why: string;
  /** The lease that it had, where it had one. */
  readonly leaseId?: LeaseId;
  readonly fencing?: number;
}

/** What the policy activity says of one attempt. */
export type Verdict = Granted | Deferred | Rejected | Reused | Revoked;
