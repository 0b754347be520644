import type { SimRun } from '../workload/types.js';
import type { Forecasts } from './forecasts.js';
import { observationOf, runState } from './state.js';

/**
 * Teaches runs that ended before the simulation begins: one after the other, each task starting when those before it have ended. A
 * forecaster scores itself as of each start, so tasks that all ended at one instant would teach it nothing of itself.
 */
export const learnHistory = (history: readonly SimRun[], forecasts: Pick<Forecasts, 'learn'>): void => {
  const spans = history.map(endsOf);
  let atMs = -spans.reduce((sum, { lastMs }) => sum + lastMs, 0);
  for (const { ends, lastMs } of spans) {
    for (const { task, endMs } of ends)
      forecasts.learn(observationOf(task, 'succeeded', task.task.runSeconds, atMs + endMs));
    atMs += lastMs;
  }
};

/** When each task of a run ends with nothing in its way, from the run's start, in the order of their ends. */
const endsOf = (run: SimRun) => {
  const { tasks } = runState(run, -1);
  const endMs = new Map<number, number>();
  const ready = tasks.filter(({ waitsFor }) => waitsFor === 0);
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    const startMs = Math.max(0, ...task.task.needs.map((need) => endMs.get(need) ?? 0));
    endMs.set(task.index, startMs + task.task.runSeconds * 1_000);
    for (const follower of task.followers) {
      follower.waitsFor -= 1;
      if (follower.waitsFor === 0) ready.push(follower);
    }
  }
  const ends = tasks
    .map((task) => ({ task, endMs: endMs.get(task.index) ?? 0 }))
    .sort((a, b) => a.endMs - b.endMs || a.task.index - b.task.index);
  return { ends, lastMs: ends.at(-1)?.endMs ?? 0 };
};
