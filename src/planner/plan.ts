import { type LeasePart, type Option, POOLS, type Pool } from '../domain/index.js';
import type { Cluster } from './cluster/index.js';
import { explain } from './cycle/explain.js';
import { mayStart, noteStart, type Started } from './cycle/hold.js';
import { overtakenBy, type Seen } from './cycle/overtaken.js';
import { placeFor } from './cycle/place.js';
import { Preempting } from './cycle/preempt.js';
import { noteBackfill, type Reservation, reserve } from './cycle/reserve.js';
import { isFailing, isFull, roomOf, take } from './cycle/room.js';
import { optionsIn, type Rooms } from './cycle/route.js';
import type { Grant, Plan, Preemption } from './decisions.js';
import type { Policy } from './policy/read.js';

/** What of the cluster to plan. */
export interface Scope {
  /** Only these pools' queues; all without it. */
  readonly pools?: readonly Pool[];
  /** Whose waiting is to be explained; the others simply wait. */
  readonly asked?: ReadonlySet<string>;
}

/**
 * One cycle: what starts now and where, what gives way, and why the rest waits. It changes nothing, and the same cluster, policy
 * and time give the same plan.
 */
export const plan = (cluster: Cluster, policy: Policy, atMs: number, scope: Scope = {}): Plan => {
  const pools = scope.pools ?? POOLS;
  const cycle = begin(cluster, policy, atMs);
  const passes = pools.map((pool) => planPool(pool, cycle));
  return {
    grants: cycle.grants,
    preemptions: cycle.preemptions,
    deferrals: scope.asked?.size
      ? passes.flatMap((pass) => explain(pass, cycle, scope.asked ?? new Set()))
      : [],
    failing: pools.flatMap((pool) =>
      [...cluster.pool(pool).nodes.values()]
        .filter((node) => isFailing(node, policy))
        .map(({ id }) => id)
        .sort(),
    ),
    considered: passes.reduce((sum, pass) => sum + pass.considered, 0),
  };
};

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

const begin = (cluster: Cluster, policy: Policy, atMs: number): Cycle => {
  const room = (pool: Pool) => roomOf(cluster.pool(pool), policy, atMs);
  return {
    cluster,
    policy,
    atMs,
    rooms: { gpu: room('gpu'), cpu: room('cpu'), io: room('io') },
    started: { limits: new Map(), microUsd: new Map() },
    grants: [],
    preemptions: [],
    placed: new Set(),
  };
};

/** What a pass over one pool's queue came to. */
export interface Pass {
  readonly pool: Pool;
  readonly waits: readonly Seen[];
  readonly reservation: Reservation | null;
  readonly considered: number;
}

const planPool = (pool: Pool, cycle: Cycle): Pass => {
  const { cluster, policy, rooms, started } = cycle;
  // 1. Fit: what is free, and where.
  const room = rooms[pool];
  const preempting = new Preempting(cluster.pool(pool), room, policy);
  const waits: Seen[] = [];
  const granted: (Seen & Placed<readonly LeasePart[]>)[] = [];
  let reservation: Reservation | null = null;
  let considered = 0;
  // 2. Order: who goes first, as far as the policy looks ahead.
  for (const task of cluster.queue(pool, policy.lookAhead, cycle.atMs)) {
    if (cycle.placed.has(task.id)) continue;
    considered += 1;
    // 3. Hold: not before its window opens, its limit has room, its budget is filled.
    if (!mayStart(task, cluster, policy, started, cycle.atMs)) {
      waits.push({ task, place: considered });
      continue;
    }
    // 4. Route and place: the best node of a pool that is worth taking, where that delays no reservation.
    const options = optionsIn(task, pool, rooms, policy);
    const placed = firstPlaced(options, (option) => placeFor(task, option, room, reservation));
    if (placed) {
      const { option, found } = placed;
      noteBackfill(task, option, found, reservation, room.atMs);
      take(task, option, found, room);
      noteStart(task, policy, started);
      cycle.placed.add(task.id);
      granted.push({ task, place: considered, option, found });
      continue;
    }
    // 5. Preempt: less urgent work gives way, where the policy allows it and it costs less than it gains.
    // One for which others give way already waits until they have.
    const evicted = task.promised
      ? null
      : firstPlaced(options, (option) => preempting.evictFor(task, option));
    if (evicted) {
      cycle.placed.add(task.id);
      cycle.preemptions.push(...evicted.found);
      continue;
    }
    // 6. Reserve: the first that finds no room keeps its turn; 7. backfill: those behind go where they do not delay it.
    waits.push({ task, place: considered });
    if (policy.backfill === 'none' && options.length > 0) break;
    if (policy.backfill === 'easy' && reservation === null && options[0])
      reservation = reserve(task, options[0], room);
    if (isFull(room) && waits.length >= ON_RECORD && !preempting.mayHelp) break;
  }
  for (const seen of granted) cycle.grants.push(grantOf(seen, pool, overtakenBy(seen, waits, policy)));
  return { pool, waits, reservation, considered };
};

/** Those whom a grant overtook are named up to here; a pass through a full room need not go further. */
const ON_RECORD = 3;

interface Placed<Found> {
  readonly option: Option;
  readonly found: Found;
}

const firstPlaced = <Found>(
  options: readonly Option[],
  find: (option: Option) => Found | null,
): Placed<Found> | null => {
  for (const option of options) {
    const found = find(option);
    if (found !== null) return { option, found };
  }
  return null;
};

const grantOf = (
  { task, option, found }: Seen & Placed<readonly LeasePart[]>,
  pool: Pool,
  wentBefore: Grant['wentBefore'],
): Grant => {
  const [first, ...also] = found;
  const { nodeId = null, incarnation = 0, devices = [] } = first ?? {};
  return { id: task.id, pool, option, nodeId, incarnation, devices, also, wentBefore };
};
