import {
  add,
  type LeasePart,
  NOTHING,
  type NodeId,
  type Option,
  type Resources,
  subtract,
} from '../../domain/index.js';
import { byEnd, type Hold, type Place, type WaitingTask } from '../cluster/index.js';
import { bindable, candidates, fits, isUnbound, keptApart, type Room } from './room.js';
import { expectedSeconds } from './runtime.js';

/** A start found ahead: when, where (no node for bare slots and for gangs that span nodes), and what stays free beside it. */
export interface Start {
  readonly atMs: number;
  readonly nodeId: NodeId | null;
  readonly spare: Resources;
}

/**
 * What is kept for the first task of a queue that does not fit, so that small work cannot overtake it for ever: EASY
 * backfilling (D. Lifka, "The ANL/IBM SP scheduling system", 1995), per node.
 */
export interface Reservation extends Start {
  readonly task: WaitingTask;
  readonly asked: Resources;
  /** Later work that outlives the reserved start must fit into this. */
  spare: Resources;
}

/** Reserves the place where the blocked head is expected to start first. Null where no live node could hold it. */
export const reserve = (task: WaitingTask, option: Option, room: Room): Reservation | null => {
  const start = earliestStart(task, option, room);
  return start && { task, asked: option.request, ...start };
};

/** When and where the running work is expected to leave room for it. */
export const earliestStart = (task: WaitingTask, option: Option, room: Room): Start | null => {
  const able = candidates(task, option, room);
  if (able.length === 0) return null;
  if (isUnbound(task, option) || task.placement.spans) {
    const free = task.placement.spans
      ? able.reduce((sum, place) => add(sum, bindable(place, room)), NOTHING)
      : { ...NOTHING, slots: room.freeSlots };
    const holds = [...able.flatMap((place) => place.holds), ...room.unbound].sort(byEnd);
    return startAmong(option.request, null, free, holds, room.atMs);
  }
  let best: Start | null = null;
  for (const place of able) {
    const start = startOn(task, place, option, room);
    if (start !== null && (best === null || start.atMs < best.atMs)) best = start;
  }
  return best;
};

const startOn = (task: WaitingTask, place: Place, { request }: Option, room: Room): Start | null => {
  const fromMs = keptApart(task, place).reduce((until, { endsAtMs }) => Math.max(until, endsAtMs), room.atMs);
  return startAmong(request, place.node.id, bindable(place, room), place.holds, fromMs);
};

/** Walks the expected ends until what has come free is enough. */
const startAmong = (
  asked: Resources,
  nodeId: NodeId | null,
  free: Resources,
  holds: readonly Hold[],
  fromMs: number,
): Start | null => {
  let { devices, cores, memoryBytes, slots } = free;
  let atMs = fromMs;
  for (
    let index = 0;
    asked.devices > devices || asked.cores > cores || asked.memoryBytes > memoryBytes || asked.slots > slots;
    index += 1
  ) {
    const next = holds[index];
    if (next === undefined) return null;
    devices += next.resources.devices;
    cores += next.resources.cores;
    memoryBytes += next.resources.memoryBytes;
    slots += next.resources.slots;
    atMs = Math.max(atMs, next.endsAtMs);
  }
  return { atMs, nodeId, spare: subtract({ devices, cores, memoryBytes, slots }, asked) };
};

/** Whether starting the task there now would leave the reserved start where it is. */
export const leavesRoom = (
  task: WaitingTask,
  option: Option,
  nodeId: NodeId | null,
  reservation: Reservation | null,
  atMs: number,
): boolean =>
  reservation === null ||
  endsBefore(task, option, reservation, atMs) ||
  fits(contested(option.request, nodeId, reservation), reservation.spare);

/** The same of a gang that spans nodes. */
export const allLeaveRoom = (
  task: WaitingTask,
  option: Option,
  parts: readonly LeasePart[],
  reservation: Reservation | null,
  atMs: number,
): boolean =>
  reservation === null ||
  endsBefore(task, option, reservation, atMs) ||
  fits(contestedBy(option, parts, reservation), reservation.spare);

/** Notes that a backfilled task which may outlive the reserved start uses up a part of the spare room; no parts for bare slots. */
export const noteBackfill = (
  task: WaitingTask,
  option: Option,
  parts: readonly LeasePart[],
  reservation: Reservation | null,
  atMs: number,
): void => {
  if (reservation === null || endsBefore(task, option, reservation, atMs)) return;
  reservation.spare = subtract(reservation.spare, contestedBy(option, parts, reservation));
};

const endsBefore = (task: WaitingTask, option: Option, reservation: Reservation, atMs: number): boolean =>
  atMs + expectedSeconds(task, option).p90Seconds * 1_000 <= reservation.atMs;

const contestedBy = (
  { request }: Option,
  parts: readonly LeasePart[],
  reservation: Reservation,
): Resources =>
  parts.length === 0
    ? contested(request, null, reservation)
    : parts.reduce(
        (sum, { nodeId, resources }) => add(sum, contested(resources, nodeId, reservation)),
        NOTHING,
      );

/** What a part on that node (null: bare slots) takes of that which the reserved task waits for: a gang that spans nodes may need any of it. */
const contested = (taken: Resources, nodeId: NodeId | null, reservation: Reservation): Resources => {
  const spans = reservation.nodeId === null && reservation.asked.devices > 0;
  if (nodeId === reservation.nodeId || spans) return taken;
  const both = (nodeId === null || reservation.nodeId === null) && reservation.asked.slots > 0;
  return both ? { ...NOTHING, slots: taken.slots } : NOTHING;
};
