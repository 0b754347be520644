import { microUsdOf, type Option, type Pool } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { placeFor } from './place.js';
import { earliestStart } from './reserve.js';
import type { Room } from './room.js';
import { runtimeOf } from './runtime.js';

/** The rooms of all pools in this cycle. */
export type Rooms = Readonly<Record<Pool, Room>>;

/**
 * Where in this pool a task may go now: of the places that it lists here those for which it is not worth waiting for a better
 * one. As listed, a better place counts while it has room; the fastest, while waiting for it ends the task sooner; the cheapest,
 * while waiting for it meets the deadline.
 */
export const optionsIn = (task: WaitingTask, pool: Pool, rooms: Rooms, policy: Policy): readonly Option[] => {
  const [first] = task.options;
  if (task.options.length === 1) return first.request.pool === pool ? [first] : [];
  const ranked = preferred(task, policy);
  return ranked.filter(
    (option, at) =>
      option.request.pool === pool &&
      !ranked.slice(0, at).some((better) => isWorthWaiting(task, better, option, rooms, policy)),
  );
};

/** The places that a task lists, the best first by what the policy prefers. */
export const preferred = (task: WaitingTask, policy: Policy): readonly Option[] => {
  if (policy.route.prefer === 'listed' || task.options.length === 1) return task.options;
  const worth =
    policy.route.prefer === 'fastest'
      ? ({ speed }: Option) => -speed
      : (option: Option) => priceOf(task, option, policy);
  return task.options
    .map((option, at) => ({ option, at, worth: worth(option) }))
    .sort((a, b) => a.worth - b.worth || a.at - b.at)
    .map(({ option }) => option);
};

const priceOf = (task: WaitingTask, option: Option, policy: Policy): number =>
  microUsdOf(option.request, policy.pools[option.request.pool], runtimeOf(task, option).p50Seconds);

const isWorthWaiting = (
  task: WaitingTask,
  better: Option,
  here: Option,
  rooms: Rooms,
  policy: Policy,
): boolean => {
  const room = rooms[better.request.pool];
  if (room.pauses.length > 0) return false;
  if (policy.route.prefer === 'listed') return placeFor(task, better, room, null) !== null;
  const start = earliestStart(task, better, room);
  if (start === null) return false;
  if (policy.route.prefer === 'fastest') {
    return (
      start.atMs + runtimeOf(task, better).p50Seconds * 1_000 <=
      room.atMs + runtimeOf(task, here).p50Seconds * 1_000
    );
  }
  const deadlineMs = task.deadlineAtMs ?? Number.POSITIVE_INFINITY;
  return start.atMs + runtimeOf(task, better).p90Seconds * 1_000 <= deadlineMs;
};
