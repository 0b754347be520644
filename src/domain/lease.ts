import type { LeaseId, NodeId, RunId, TaskKey } from './ids.js';
import type { Pool, Resources } from './resources.js';

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
}

/** A lease as the planner sees it. */
export interface RunningLease extends Lease {
  readonly state: Exclude<LeaseState, 'released'>;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly grantedAtMs: number;
  readonly expectedEndP50Ms: number;
  readonly expectedEndP90Ms: number;
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
  /** Devices are declared, not found: no such hardware stands behind them. */
  readonly virtualDevices: boolean;
}
