import type { Blocker, Pause } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';
import { poolsOf } from '../cluster/index.js';
import type { Rooms } from './route.js';
import { stamp } from './words.js';

/** Every pause of a pool that the task could go to. */
export const pausesOf = (task: WaitingTask, rooms: Rooms): readonly Blocker[] =>
  [...new Set(poolsOf(task).flatMap((pool) => rooms[pool].pauses))].map((pause) => ({
    code: 'paused',
    detail: pauseWords(pause),
  }));

/** A pause as a clause: who, since when, until when, why. */
export const pauseWords = ({ scope, by, reason, atMs, untilMs }: Pause): string => {
  const what = scope === 'all' ? 'everything' : `pool ${scope.slice('pool:'.length)}`;
  const until = untilMs === null ? '' : ` until ${stamp(untilMs)}`;
  return `${what} is paused since ${stamp(atMs)}${until} by ${by}: ${reason}`;
};
