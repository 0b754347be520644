import { type Option, type Remaining, remaining } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';

/** How long the whole attempt takes at an option's speed. */
export const runtimeOf = ({ forecast }: WaitingTask, { speed }: Option): Remaining => ({
  p50Seconds: forecast.p50Seconds / speed,
  p90Seconds: forecast.p90Seconds / speed,
});

/** How long it would run if it started now: what is left of it. */
export const expectedSeconds = (task: WaitingTask, option: Option): Remaining => {
  const whole = runtimeOf(task, option);
  return task.doneSeconds === 0 ? whole : remaining(whole, task.doneSeconds / option.speed);
};
