import { type Blocker, RESOURCE_KINDS, type Resources } from '../domain/index.js';
import type { Reservation } from './reservation.js';
import { bindable, candidates, fits, type Hold, isUnbound, type Place, type Room } from './room.js';
import type { WaitingTask } from './snapshot.js';
import { amountOf, count, listing, span } from './words.js';

/** What stands between a waiting task and its start. */
export interface Obstacles {
  readonly task: WaitingTask;
  /** Place in the queue, from 1. */
  readonly position: number;
  /** The task at the head of its pool's queue, where that is another one. */
  readonly first: WaitingTask | null;
  readonly reservation: Reservation | null;
}

/** Every reason why the task does not start now, the room being what this cycle's grants have left. */
export const blockersOf = (obstacles: Obstacles, room: Room): readonly Blocker[] => {
  const { task } = obstacles;
  const able = room.places.filter(({ node }) => fits(task.request, node.capacity));
  return [
    ...(task.paused ? [{ code: 'run-paused', detail: 'its run is paused' } as const] : []),
    ...(able.length === 0 ? [noNode(task, room)] : shortOfRoom(task, able, room)),
    ...behindOthers(obstacles),
  ];
};

const noNode = (task: WaitingTask, { places }: Room): Blocker => {
  const { pool } = task.request;
  if (places.length === 0) return { code: 'no-node', detail: `no ${pool} node is connected and taking work` };
  return { code: 'no-node', detail: `no live ${pool} node has ${amounts(task.request)}` };
};

const amounts = (asked: Resources): string =>
  listing(
    RESOURCE_KINDS.filter((kind) => asked[kind] > 0).map((kind) => amountOf(kind, asked[kind])),
    RESOURCE_KINDS.length,
  );

const shortOfRoom = (task: WaitingTask, able: readonly Place[], room: Room): readonly Blocker[] => {
  if (isUnbound(task)) return task.request.slots > room.freeSlots ? [slotsInUse(task, room)] : [];
  const trusted = candidates(task, room);
  const suspect = able.filter(
    (place) => !trusted.includes(place) && fits(task.request, bindable(place, room)),
  );
  const full = trusted.filter((place) => !fits(task.request, bindable(place, room)));
  return [
    ...(full.length === trusted.length ? full.slice(0, 3).map((place) => nodeInUse(task, place, room)) : []),
    ...(suspect.length > 0 && full.length === trusted.length ? [suspectNodes(suspect)] : []),
  ];
};

const suspectNodes = (places: readonly Place[]): Blocker => ({
  code: 'node-suspect',
  detail: `${listing(places.map(({ node }) => node.id))} would have room but failed this task before`,
});

const slotsInUse = (task: WaitingTask, room: Room): Blocker => {
  const holds = [...room.places.flatMap(({ holds }) => holds), ...room.unbound];
  const total = room.places.reduce((sum, { node }) => sum + node.capacity.slots, 0);
  return {
    code: 'no-capacity',
    detail: `${Math.max(0, room.freeSlots)} of ${count(total, 'slot')} of pool ${task.request.pool} are free${heldBy(holds, room.atMs)}`,
  };
};

const nodeInUse = (task: WaitingTask, place: Place, room: Room): Blocker => {
  const free = bindable(place, room);
  const short = RESOURCE_KINDS.filter((kind) => task.request[kind] > free[kind]);
  const holds = place.holds.filter(({ resources }) => short.some((kind) => resources[kind] > 0));
  const left = short.map(
    (kind) =>
      `${amountOf(kind, Math.max(0, free[kind]))} free of ${amountOf(kind, place.node.capacity[kind])}`,
  );
  return {
    code: 'no-capacity',
    detail: `${place.node.id} has ${left.join(', ')}${heldBy(holds, room.atMs)}`,
  };
};

/** Who holds it, the one that is expected to end first named first. */
const heldBy = (holds: readonly Hold[], atMs: number): string => {
  const names = [...holds]
    .sort((a, b) => a.endsAtMs.p50 - b.endsAtMs.p50)
    .map(({ runId, taskKey, endsAtMs }) => `${runId}/${taskKey} (about ${span(endsAtMs.p50 - atMs)} more)`);
  return names.length > 0 ? `; held by ${listing(names)}` : '';
};

const behindOthers = ({ task, position, first, reservation }: Obstacles): readonly Blocker[] => {
  if (position === 1 || first === null) return [];
  const others = `${count(position - 1, 'task')} ${position === 2 ? 'stands' : 'stand'} before it`;
  const kept =
    reservation !== null && reservation.task.id !== task.id
      ? `; room is kept for ${nameOf(reservation.task)}`
      : '';
  return [{ code: 'behind-queue', detail: `${others}, first ${nameOf(first)}${kept}` }];
};

const nameOf = ({ runId, taskKey, priorityClass }: WaitingTask): string =>
  `${runId}/${taskKey} (${priorityClass})`;
