import type { SimOptions } from '../workload/types.js';
import { chance } from './chance.js';
import type { TaskState } from './state.js';

/** How an attempt goes if nobody stops it. */
export interface Course {
  readonly seconds: number;
  readonly fails: boolean;
}

/** What chance has in store for an attempt: it depends on the seed and the attempt only, not on when or where it runs. */
export const courseOf = (
  { of, task, index, attempt, doneSeconds, resumeSeconds }: TaskState,
  options: SimOptions,
): Course => {
  const seconds = resumeSeconds + task.runSeconds - doneSeconds;
  const fails =
    options.failureProbability !== null &&
    chance(options.seed, of.index, index, attempt, 1) < options.failureProbability;
  return fails
    ? { seconds: seconds * chance(options.seed, of.index, index, attempt, 2), fails }
    : { seconds, fails };
};

/** What of an attempt that is stopped after so long is kept: all, nothing, or up to its last checkpoint. */
export const keptSeconds = (
  { resumeSeconds }: TaskState,
  ranSeconds: number,
  { checkpoints }: SimOptions,
): number => {
  const own = Math.max(0, ranSeconds - resumeSeconds);
  if (checkpoints === 'always') return own;
  return checkpoints === 'none' ? 0 : Math.floor(own / checkpoints) * checkpoints;
};
