import type {
  Blocker,
  Forecast,
  Node,
  NodeId,
  Pool,
  PriorityClass,
  ResourceRequest,
  RunId,
  RunningLease,
  TaskKey,
} from '../domain/index.js';

/** An attempt that waits, as the planner sees it. */
export interface WaitingTask {
  /** Unique among all attempts: `<run>/<task>#<attempt>`. */
  readonly id: string;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly priorityClass: PriorityClass;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  readonly paused: boolean;
  readonly request: ResourceRequest;
  readonly forecast: Forecast;
  /** Nodes that failed it before: used only where no other will do. */
  readonly suspectNodes: readonly NodeId[];
}

/** All that one pool's decisions are made from. */
export interface PoolSnapshot {
  readonly pool: Pool;
  readonly nodes: readonly Node[];
  readonly leases: readonly RunningLease[];
  /** The head of the queue, as far as the policy looks ahead. */
  readonly waiting: readonly WaitingTask[];
  /** Of those that wait behind it: the ones that were asked about, with their place in the queue (from 1). */
  readonly beyond: readonly { readonly task: WaitingTask; readonly position: number }[];
}

/** What a cycle sees. Pools share nothing yet, so only those in which something changed need be in it. */
export interface Snapshot {
  readonly pools: readonly PoolSnapshot[];
  /** Whose waiting is to be explained; the others simply wait. */
  readonly asked: ReadonlySet<string>;
}

/** A waiting task that may start now, there. */
export interface Grant {
  readonly id: string;
  readonly pool: Pool;
  /** Null for bare slots. */
  readonly nodeId: NodeId | null;
  readonly incarnation: number;
  readonly devices: readonly number[];
  /** Waiting tasks that had arrived before it and could not go: at most three. */
  readonly wentBefore: readonly Overtaken[];
}

/** A task that another one went before, and why. */
export interface Overtaken {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly priorityClass: PriorityClass;
  /** `class`: the other's class goes first. `backfill`: the other fits into room that this one cannot use. */
  readonly because: 'class' | 'backfill' | 'paused';
}

/** Why a task does not start now, and when it is expected to. */
export interface Deferral {
  readonly id: string;
  readonly blockers: readonly Blocker[];
  /** Place in its pool's queue, from 1. */
  readonly position: number;
  /** Null where no live node could hold it, or its run is paused. */
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
}

/** One cycle's decisions. A task of the snapshot that is in neither list waits, and nobody asked why. */
export interface Plan {
  readonly grants: readonly Grant[];
  readonly deferrals: readonly Deferral[];
}
