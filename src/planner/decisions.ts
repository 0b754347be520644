import type {
  Blocker,
  LeaseId,
  LeasePart,
  NodeId,
  Option,
  Pool,
  PriorityClass,
  RunId,
  TaskKey,
} from '../domain/index.js';

/** A waiting task that may start now, there. */
export interface Grant {
  readonly id: string;
  readonly pool: Pool;
  /** Which of the places that it lists. */
  readonly option: Option;
  /** Null for bare slots. */
  readonly nodeId: NodeId | null;
  readonly incarnation: number;
  readonly devices: readonly number[];
  /** The rest of a gang that spans nodes. */
  readonly also: readonly LeasePart[];
  /** It went first because it had waited long enough, or for its deadline. */
  readonly overdue: boolean;
  /** Waiting tasks that had arrived before it and could not go: at most three. */
  readonly wentBefore: readonly Overtaken[];
}

/** A task that another one went before, and why. */
export interface Overtaken {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly priorityClass: PriorityClass;
  /** `class`, `share`, `size`: what puts the other first. `backfill`: it fits into room that this one cannot use. `held`: this one may not go. */
  readonly because: 'class' | 'share' | 'size' | 'backfill' | 'held';
}

/** A running task that gives way, for whom, and what it costs. */
export interface Preemption {
  readonly leaseId: LeaseId;
  /** The waiting attempt that what it frees is kept for. */
  readonly forId: string;
  /** Work since its last checkpoint, and stopping and resuming, on its devices. */
  readonly lostDeviceSeconds: number;
  /** How much sooner the other one starts than when the last of those who give way would be expected to end. */
  readonly soonerSeconds: number;
}

/** Why a task does not start now, and when it is expected to. */
export interface Deferral {
  readonly id: string;
  readonly blockers: readonly Blocker[];
  /** Place in its pool's queue, from 1. */
  readonly position: number;
  /** Null where nobody can know: no live node could hold it, or it is held without an end. */
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
  /** Until when the policy's own windows and holds hold it at most; null where they do not, or without an end. */
  readonly heldUntilMs: number | null;
}

/** One cycle's decisions. A waiting task that is in none of the lists waits on, and nobody asked why. */
export interface Plan {
  readonly grants: readonly Grant[];
  readonly preemptions: readonly Preemption[];
  readonly deferrals: readonly Deferral[];
  /** Nodes that fail too much of their work to be given more. */
  readonly failing: readonly NodeId[];
  /** Tasks looked at. */
  readonly considered: number;
}
