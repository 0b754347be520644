import type { RunOutlook } from '../../domain/index.js';
import { type Cluster, forecastRun, type Policy } from '../../planner/index.js';
import { waitingTask } from './planner-view.js';
import type { RunState } from './state.js';
import { termsOf } from './terms.js';

/** What would be told of a run at its submission: the same forecast as live, on the cluster as it arrives. */
export const foresee = (
  state: RunState,
  cluster: Cluster,
  policy: Policy,
  arrivals: number,
  atMs: number,
): RunOutlook => {
  const tasks = state.tasks.map((task) => {
    const terms = termsOf(state.run, task.task, task.forecast, policy, atMs);
    const asks = waitingTask({ ...task, terms, arrival: arrivals + 1, readyAtMs: atMs });
    const needs = task.task.needs.flatMap((index) => state.tasks[index]?.task.name ?? []);
    return { name: task.task.name, needs, running: [], waiting: [], coming: { items: 1, asks } };
  });
  return forecastRun({ tasks, deadlineAtMs: state.run.deadlineAtMs }, cluster, policy, atMs);
};
