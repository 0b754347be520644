import { microUsdOf, type Option, type Remaining, remaining } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';

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

/** What a task may cost at its P90, by the dearest place that it lists. */
export const costOf = (task: WaitingTask, policy: Policy): number =>
  Math.max(
    ...task.options.map((option) =>
      microUsdOf(option.request, policy.pools[option.request.pool], runtimeOf(task, option).p90Seconds),
    ),
  );
