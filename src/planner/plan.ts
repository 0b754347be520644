import { blockersOf } from './blockers.js';
import { queueOrder } from './order.js';
import { lookAhead, type Start } from './outlook.js';
import type { Policy } from './policy.js';
import { leavesRoom, noteBackfill, type Reservation, reserve } from './reservation.js';
import {
  bindable,
  candidates,
  closerFit,
  fits,
  isUnbound,
  type Place,
  type Room,
  roomOf,
  take,
} from './room.js';
import type { Deferral, Overtaken, Plan, PoolSnapshot, Snapshot, WaitingTask } from './snapshot.js';

/**
 * One cycle: what starts now and where, and why the rest waits. Pure: the same snapshot, policy and time give the same plan,
 * in whatever order the snapshot's arrays stand.
 */
export const plan = (snapshot: Snapshot, policy: Policy, atMs: number): Plan => {
  const plans = snapshot.pools.map((pool) => planPool(pool, snapshot.asked, policy, atMs));
  return {
    grants: plans.flatMap(({ grants }) => grants),
    deferrals: plans.flatMap(({ deferrals }) => deferrals),
  };
};

const planPool = (pool: PoolSnapshot, asked: Snapshot['asked'], policy: Policy, atMs: number): Plan => {
  // 1. Fit: what is free, and on which nodes.
  const room = roomOf(pool, atMs);
  // 2. Order: who goes first.
  const queue = [...pool.waiting].sort(queueOrder(policy));
  // 3. Place, reserve, backfill: down the queue, the first that does not fit keeps its turn.
  const { started, waits, reservation } = startWhatFits(queue, room);
  const grants = started.map(({ task, place, devices }) => ({
    id: task.id,
    pool: pool.pool,
    nodeId: place?.node.id ?? null,
    incarnation: place?.node.incarnation ?? 0,
    devices,
    wentBefore: overtaken(task, waits, policy),
  }));
  // 4. Explain: every blocker, the position and the time, to whom it was asked.
  const beyond = pool.beyond.map((far) => ({ ...far, position: far.position - grants.length }));
  return { grants, deferrals: explain({ waits, beyond, reservation, room }, asked) };
};

interface Started {
  readonly task: WaitingTask;
  readonly place: Place | null;
  readonly devices: readonly number[];
}
interface Passed {
  readonly started: readonly Started[];
  readonly waits: readonly WaitingTask[];
  readonly reservation: Reservation | null;
}

const startWhatFits = (queue: readonly WaitingTask[], room: Room): Passed => {
  const started: Started[] = [];
  const waits: WaitingTask[] = [];
  let reservation: Reservation | null = null;
  for (const task of queue) {
    const place = task.paused ? undefined : choose(task, room, reservation);
    if (place === undefined) {
      waits.push(task);
      if (!task.paused) reservation ??= reserve(task, room);
      continue;
    }
    noteBackfill(task, place, reservation, room.atMs);
    started.push({ task, place, devices: take(task, place, room) });
  }
  return { started, waits, reservation };
};

/** The best place that has room now and delays no reservation; null for bare slots, undefined where there is none. */
const choose = (task: WaitingTask, room: Room, reservation: Reservation | null): Place | null | undefined => {
  const able = candidates(task, room);
  if (able.length === 0) return undefined;
  if (isUnbound(task)) {
    const free = task.request.slots <= room.freeSlots;
    return free && leavesRoom(task, null, reservation, room.atMs) ? null : undefined;
  }
  return able
    .filter((place) => fits(task.request, bindable(place, room)))
    .filter((place) => leavesRoom(task, place, reservation, room.atMs))
    .sort(closerFit)[0];
};

/** Those who came before it and could not go: at most three, for the record. */
const overtaken = (
  task: WaitingTask,
  waits: readonly WaitingTask[],
  policy: Policy,
): readonly Overtaken[] => {
  const inOrder = queueOrder(policy);
  return waits
    .filter((other) => other.arrival < task.arrival)
    .slice(0, 3)
    .map((other) => ({
      runId: other.runId,
      taskKey: other.taskKey,
      priorityClass: other.priorityClass,
      because: inOrder(task, other) < 0 ? 'class' : other.paused ? 'paused' : 'backfill',
    }));
};

interface Waits {
  readonly waits: readonly WaitingTask[];
  readonly beyond: PoolSnapshot['beyond'];
  readonly reservation: Reservation | null;
  readonly room: Room;
}

const explain = (
  { waits, beyond, reservation, room }: Waits,
  asked: Snapshot['asked'],
): readonly Deferral[] => {
  const isAsked = ({ id }: { readonly id: string }) => asked.has(id);
  if (beyond.length === 0 && !waits.some(isAsked)) return [];
  const [p50, p90] = [lookAhead(room, 'p50'), lookAhead(room, 'p90')];
  const first = waits[0] ?? null;
  const deferrals = waits.map((task, index): Deferral => {
    const position = index + 1;
    const blockers = isAsked(task) ? blockersOf({ task, position, first, reservation }, room) : [];
    return { id: task.id, blockers, position, ...(task.paused ? NO_TIME : interval(p50(task), p90(task))) };
  });
  return [...deferrals.filter(isAsked), ...explainBeyond(beyond, deferrals, first, room)];
};

const NO_TIME = { etaP50Ms: null, etaP90Ms: null };

/** The two passes may place a task differently; an interval must not stand on its head. */
const interval = (p50: Start | null, p90: Start | null): Pick<Deferral, 'etaP50Ms' | 'etaP90Ms'> =>
  p50 && p90 ? { etaP50Ms: p50.atMs, etaP90Ms: Math.max(p50.atMs, p90.atMs) } : NO_TIME;

/** Beyond the look-ahead: no search for room, and the time at the rate at which the queue before it is expected to move. */
const explainBeyond = (
  beyond: PoolSnapshot['beyond'],
  before: readonly Deferral[],
  first: WaitingTask | null,
  room: Room,
): readonly Deferral[] => {
  const last = before.findLast(({ etaP50Ms }) => etaP50Ms !== null);
  const etaAt = (position: number, lastMs: number | null | undefined): number | null =>
    last && lastMs ? Math.round(room.atMs + ((lastMs - room.atMs) * position) / last.position) : null;
  return beyond.map(({ task, position }) => ({
    id: task.id,
    blockers: blockersOf({ task, position, first, reservation: null }, room).filter(
      ({ code }) => code !== 'no-capacity',
    ),
    position,
    etaP50Ms: task.paused ? null : etaAt(position, last?.etaP50Ms),
    etaP90Ms: task.paused ? null : etaAt(position, last?.etaP90Ms),
  }));
};
