import { NOTHING, type NodeId, type Resources, subtract } from '../domain/index.js';
import { lookAhead } from './outlook.js';
import { fits, type Place, type Room } from './room.js';
import type { WaitingTask } from './snapshot.js';

/**
 * What is kept for the first task of a queue that does not fit, so that small work cannot overtake it for ever: EASY
 * backfilling (D. Lifka, "The ANL/IBM SP scheduling system", 1995), per node.
 */
export interface Reservation {
  readonly task: WaitingTask;
  /** When it is expected to start, and where; node null for bare slots. */
  readonly atMs: number;
  readonly nodeId: NodeId | null;
  /** What it will leave free there when it starts: later work that runs longer must fit into this. */
  spare: Resources;
}

/** Reserves the place where the blocked head is expected to start first. Null where no live node could hold it. */
export const reserve = (task: WaitingTask, room: Room): Reservation | null => {
  const start = lookAhead(room, 'p50')(task);
  return start && { task, ...start };
};

/** Whether starting the task there now would leave the reserved start where it is. */
export const leavesRoom = (
  task: WaitingTask,
  place: Place | null,
  reservation: Reservation | null,
  atMs: number,
): boolean =>
  reservation === null ||
  endsBefore(task, reservation, atMs) ||
  fits(contested(task, place, reservation), reservation.spare);

/** Notes that a backfilled task which may outlive the reserved start uses up a part of the spare room. */
export const noteBackfill = (
  task: WaitingTask,
  place: Place | null,
  reservation: Reservation | null,
  atMs: number,
): void => {
  if (reservation === null || endsBefore(task, reservation, atMs)) return;
  reservation.spare = subtract(reservation.spare, contested(task, place, reservation));
};

const endsBefore = (task: WaitingTask, reservation: Reservation, atMs: number): boolean =>
  atMs + task.forecast.p90Seconds * 1_000 <= reservation.atMs;

/** What the task would take of that which the reserved one waits for: slots may be taken from any node. */
const contested = (task: WaitingTask, place: Place | null, reservation: Reservation): Resources => {
  if ((place?.node.id ?? null) === reservation.nodeId) return task.request;
  const both = (place === null || reservation.nodeId === null) && reservation.task.request.slots > 0;
  return both ? { ...NOTHING, slots: task.request.slots } : NOTHING;
};
