import type { LeaseId, NodeId, RunId, TaskKey } from './ids.js';
import type { LeasePart, Placement } from './placement.js';
import type { Rank } from './rank.js';
import type { Pool, PriorityClass, Resources } from './resources.js';

/**
 * `held`: the attempt may run. `preempting`: asked to leave. `revoked`: the attempt is over for the run, but its process
 * may still live, so the capacity is not free yet. `released`: the process has ended or its node's self-fence deadline has passed.
 */
export type LeaseState = 'held' | 'preempting' | 'revoked' | 'released';

/** What a granted task carries to its worker: the right to hold hardware. */
export interface Lease {
  readonly id: LeaseId;
  /** Greater for each new lease; a worker with an old one does no work and reports nothing. */
  readonly fencing: number;
  readonly pool: Pool;
  /** Null for bare slots: the node binds when the task starts. */
  readonly nodeId: NodeId | null;
  /** The node's incarnation at the grant; a worker of another incarnation refuses the lease. 0 where unbound. */
  readonly incarnation: number;
  /** Indices of the node's devices, for CUDA_VISIBLE_DEVICES. */
  readonly devices: readonly number[];
  readonly resources: Resources;
  readonly taskQueue: string;
  /** The execution of the workflow that it was given to. A reset starts its activity anew in another one, which has no right to it. */
  readonly executionId?: string;
}

/** A lease as the planner sees it: what it holds, and what must be known of its task to end it or to wait for it. */
export interface RunningLease extends Lease {
  readonly state: Exclude<LeaseState, 'released'>;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly grantedAtMs: number;
  /** How long the task takes here in all, by the forecast that it was placed by. */
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  /** What of that had been done by earlier attempts and kept. */
  readonly doneSeconds: number;
  /** What its place in the queue was made from. */
  readonly rank: Rank;
  /** Whether it keeps its work, and how that is known: its rhythm, or when it last did. Null: all since its start would be lost. */
  readonly checkpoints: { readonly everySeconds: number | null; readonly lastAtMs: number | null } | null;
  /** From 0 to 1: how much of the work that is not kept it is expected to lose if it gives way, from those that did. */
  readonly lossShare: number;
  /** It was overdue when it started: within its class it gives way to nobody. */
  readonly overdue: boolean;
  /** How often the task has given way so far. */
  readonly preemptions: number;
  readonly placement: Placement;
  /** The rest of a gang that spans nodes; empty for all others. */
  readonly also: readonly LeasePart[];
  /** While it gives way: the waiting attempt that gets what it frees. */
  readonly givesWayTo: string | null;
}

/** `draining`: takes no new work. `lost`: its heartbeat is overdue and its leases are revoked. */
export type NodeState = 'active' | 'draining' | 'lost';

/** A worker's machine, or its share of one. */
export interface Node {
  readonly id: NodeId;
  readonly pool: Pool;
  readonly capacity: Resources;
  readonly state: NodeState;
  /** Counts registrations: each start of the node's worker is a new incarnation. */
  readonly incarnation: number;
  readonly labels: Readonly<Record<string, string>>;
  /** While its breaker is not closed: how many attempts it may be given for now, and why. */
  readonly health?: { readonly startsLeft: number; readonly detail: string };
  /** Devices are declared, not found: no such hardware stands behind them. */
  readonly virtualDevices: boolean;
}
