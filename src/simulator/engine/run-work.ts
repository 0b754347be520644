import type { Pool } from '../../domain/index.js';
import type { RunState } from './state.js';

/** A run's work in each pool that it uses, in device-seconds. */
export const workByPool = ({ tasks }: RunState): ReadonlyMap<Pool, number> => {
  const work = new Map<Pool, number>();
  for (const { task, deviceSeconds } of tasks)
    work.set(task.pool, (work.get(task.pool) ?? 0) + deviceSeconds);
  return work;
};

/** The hardware that does a run's forecast work in a pool in the time of its longest path. */
export const widthIn = (state: RunState, pool: Pool): number => {
  const work = ({ task, forecast, size }: RunState['tasks'][number]) =>
    task.pool === pool ? forecast.p50Seconds * size : 0;
  return state.tasks.reduce((sum, task) => sum + work(task), 0) / longestOf(state).pathSeconds;
};

/** When a run must have started to meet its deadline, at the P90 of its longest path; null without one. */
export const latestStart = (state: RunState): number | null => {
  const { deadlineAtMs } = state.run;
  if (deadlineAtMs === null) return null;
  const { pathSeconds, forecast } = longestOf(state);
  return deadlineAtMs - pathSeconds * (forecast.p90Seconds / forecast.p50Seconds) * 1_000;
};

const longestOf = ({ tasks }: RunState): RunState['tasks'][number] =>
  tasks.reduce((most, task) => (task.pathSeconds > most.pathSeconds ? task : most));
