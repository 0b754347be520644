import type { LeasePart, Option, Pool } from '../../domain/index.js';
import type { Cluster, Queued } from '../cluster/index.js';
import type { Grant, Preemption } from '../decisions.js';
import type { Policy } from '../policy/read.js';
import type { OverdueTurns } from './overdue.js';
import type { Seen } from './overtaken.js';
import type { Preempting } from './preempt.js';
import type { Reservation } from './reserve.js';
import type { Room } from './room.js';
import type { Rooms } from './route.js';
import type { Started } from './started.js';

/** All that one cycle works on. */
export interface Cycle {
  readonly cluster: Cluster;
  readonly policy: Policy;
  readonly atMs: number;
  readonly rooms: Rooms;
  readonly started: Started;
  readonly grants: Grant[];
  readonly preemptions: Preemption[];
  /** Tasks that this cycle has placed, so that those which stand in several queues go once. */
  readonly placed: Set<string>;
}

/** A pass over one pool's queue, and what it has come to so far. */
export interface Pass {
  readonly pool: Pool;
  readonly room: Room;
  readonly preempting: Preempting;
  readonly turns: OverdueTurns;
  readonly waits: Seen[];
  readonly granted: Granted[];
  /** Overdue tasks whose turn is over: they get what nobody else wants. */
  readonly leftOver: Queued[];
  /** The first that found no room has been met, and got its reservation where the policy gives one. */
  blocked: boolean;
  reservation: Reservation | null;
  considered: number;
}

/** A task that may start, and where. */
export interface Granted extends Seen {
  readonly overdue: boolean;
  readonly option: Option;
  readonly parts: readonly LeasePart[];
}
