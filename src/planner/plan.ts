import { POOLS, type Pool, sizeOf } from '../domain/index.js';
import { type Cluster, LookAhead, type Queued } from './cluster/index.js';
import type { Cycle, Granted, Pass } from './cycle/cycle.js';
import { explain } from './cycle/explain.js';
import { isPoolShut, passGates } from './cycle/gate.js';
import { mayStart } from './cycle/hold.js';
import { OverdueTurns } from './cycle/overdue.js';
import { overtakenBy, type Seen } from './cycle/overtaken.js';
import { placeFor } from './cycle/place.js';
import { Preempting, type Reach } from './cycle/preempt.js';
import { noteBackfill, reserve } from './cycle/reserve.js';
import { isFailing, isFull, roomOf, take } from './cycle/room.js';
import { optionsIn } from './cycle/route.js';
import { noteStart, nothingStarted } from './cycle/started.js';
import type { Grant, Plan } from './decisions.js';
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
        .filter(isFailing)
        .map(({ id }) => id)
        .sort(),
    ),
    considered: passes.reduce((sum, pass) => sum + pass.considered, 0),
  };
};

const begin = (cluster: Cluster, policy: Policy, atMs: number): Cycle => {
  const room = (pool: Pool) => roomOf(cluster.pool(pool), atMs);
  return {
    cluster,
    policy,
    atMs,
    rooms: { gpu: room('gpu'), cpu: room('cpu'), io: room('io') },
    started: nothingStarted(),
    grants: [],
    preemptions: [],
    placed: new Set(),
  };
};

const planPool = (pool: Pool, cycle: Cycle): Pass => {
  const { cluster, policy, rooms, atMs } = cycle;
  // 1. Fit: what is free, and where.
  const room = rooms[pool];
  const pass: Pass = {
    pool,
    room,
    preempting: new Preempting(cluster.pool(pool), room, policy),
    turns: new OverdueTurns(cluster.pool(pool), room, policy),
    waits: [],
    granted: [],
    leftOver: [],
    blocked: false,
    reservation: null,
    considered: 0,
  };
  // A paused pool starts nothing, so that nobody need be looked at.
  if (room.pauses.length > 0) return pass;
  // 2. Order: who goes first, as far as the policy looks ahead.
  const ahead = new LookAhead(policy.lookAhead);
  for (const queued of cluster.queue(pool, ahead, atMs, cycle.started.deviceSeconds)) {
    if (cycle.placed.has(queued.task.id)) continue;
    if (isPoolShut(pool, cluster, cycle.started)) break;
    if (isOfNextClass(queued, pass, policy)) considerLeftOver(pass, cycle);
    if (!consider(queued, pass, cycle, ahead)) break;
  }
  considerLeftOver(pass, cycle);
  for (const granted of pass.granted)
    cycle.grants.push(grantOf(granted, pool, overtakenBy(granted, pass.waits, policy)));
  return pass;
};

/** Whether those left over are of a higher class: the share that bounds overdue work is for the rest of its own class. */
const isOfNextClass = ({ task }: Queued, { leftOver: [first] }: Pass, { order }: Policy): boolean =>
  first !== undefined && order.includes('class') && first.task.priorityClass !== task.priorityClass;

/** They get what nobody of their class wants, and lower classes give way to them as to anybody. */
const considerLeftOver = (pass: Pass, cycle: Cycle): void => {
  const { cluster, policy, started, atMs } = cycle;
  for (const queued of pass.leftOver.splice(0)) {
    const may =
      !isPoolShut(pass.pool, cluster, started) && mayStart(queued.task, cluster, policy, started, atMs);
    if (may && (start(queued, pass, cycle) || makesRoom(queued, pass, cycle, 'lower-class'))) continue;
    pass.waits.push(seen(queued, pass));
  }
};

/** Decides on one task; false where those behind it need not be looked at. */
const consider = (queued: Queued, pass: Pass, cycle: Cycle, ahead: LookAhead): boolean => {
  const { task, overdue } = queued;
  pass.considered += 1;
  // 3. Hold: not before its window opens, its limit has room, its budget is filled.
  if (!mayStart(task, cycle.cluster, cycle.policy, cycle.started, cycle.atMs)) {
    pass.waits.push(seen(queued, pass));
    ahead.passOver();
    return true;
  }
  if (overdue && !pass.turns.has(task)) {
    pass.leftOver.push(queued);
    return true;
  }
  // 4. Route and place: the best node of a pool that is worth taking, where that delays no reservation.
  if (start(queued, pass, cycle)) return true;
  // 5. Preempt: less urgent work gives way, where the policy allows it and it costs less than it gains.
  if (makesRoom(queued, pass, cycle)) return true;
  if (overdue && pass.turns.end(task)) {
    pass.leftOver.push(queued);
    return true;
  }
  // 6. Reserve: the first that finds no room keeps its turn; 7. backfill: those behind go where they do not delay it.
  return waitsOn(queued, pass, cycle);
};

const start = (queued: Queued, pass: Pass, { cluster, policy, rooms, started, placed }: Cycle): boolean => {
  const { task, overdue } = queued;
  const { room, reservation } = pass;
  for (const option of optionsIn(task, pass.pool, rooms, policy)) {
    const parts = placeFor(task, option, room, reservation);
    if (parts === null) continue;
    noteBackfill(task, option, parts, reservation, room.atMs);
    take(task, option, parts, room);
    noteStart(task, option, policy, started);
    passGates(task, pass.pool, cluster, started);
    if (overdue) pass.turns.note(task, sizeOf(option.request));
    placed.add(task.id);
    pass.granted.push({ ...seen(queued, pass), overdue, option, parts });
    return true;
  }
  return false;
};

/**
 * Work of a lower class gives way to anybody; of the same class to the first that finds no room, and to those overdue: letting it give
 * way to all of them gained nothing on Philly (383 s either way, in a study program), and a cycle costs more.
 */
const makesRoom = (
  { task, overdue }: Queued,
  pass: Pass,
  { policy, rooms, placed, preemptions }: Cycle,
  reach: Reach = overdue ? 'any-of-class' : pass.blocked ? 'lower-class' : 'larger-of-class',
): boolean => {
  if (policy.preemption === undefined || task.promised) return false;
  for (const option of optionsIn(task, pass.pool, rooms, policy)) {
    const victims = pass.preempting.evictFor(task, option, reach);
    if (victims === null) continue;
    if (overdue) pass.turns.note(task, sizeOf(option.request));
    placed.add(task.id);
    preemptions.push(...victims);
    return true;
  }
  return false;
};

const waitsOn = (queued: Queued, pass: Pass, { policy, rooms }: Cycle): boolean => {
  const [option] = optionsIn(queued.task, pass.pool, rooms, policy);
  pass.waits.push(seen(queued, pass));
  if (option === undefined) return true;
  if (!pass.blocked && keepsRoom(policy)) pass.reservation = reserve(queued.task, option, pass.room);
  pass.blocked = true;
  if (policy.backfill === 'none') return false;
  return !isFull(pass.room) || pass.waits.length < ON_RECORD;
};

/** Where larger work of the same class gives way, no room need be kept for who waits. */
const keepsRoom = ({ backfill, preemption }: Policy): boolean =>
  backfill === 'easy' && preemption?.victims !== 'larger-remaining';

const seen = ({ task }: Queued, { considered }: Pass): Seen => ({ task, place: considered });

/** Those whom a grant overtook are named up to here; a pass through a full room need not go further. */
const ON_RECORD = 3;

const grantOf = (
  { task, option, parts, overdue }: Granted,
  pool: Pool,
  wentBefore: Grant['wentBefore'],
): Grant => {
  const [first, ...also] = parts;
  const { nodeId = null, incarnation = 0, devices = [] } = first ?? {};
  return { id: task.id, pool, option, nodeId, incarnation, devices, also, overdue, wentBefore };
};
