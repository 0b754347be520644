import { add, NOTHING, shortages } from '../../domain/index.js';
import { criticalPathSeconds } from '../workload/graph.js';
import type { Fleet, SimRun, SimTask, Workload } from '../workload/types.js';
import type { PastRun } from './past.js';
import { tasksOf } from './past-tasks.js';

/** Recorded runs as a workload, with the runs themselves in the same order beside it. */
export interface Replay {
  readonly workload: Workload;
  readonly past: readonly PastRun[];
  /** Runs left out because they held nothing, or ask for more than there is now. */
  readonly leftOut: number;
}

/** Schedules anew what was submitted from a moment on; what had ended by its first arrival is there to learn from. */
export const replayOf = (runs: readonly PastRun[], fromMs: number, fleet: Fleet): Replay => {
  const all = runs
    .toSorted((a, b) => a.submitAtMs - b.submitAtMs || (a.id < b.id ? -1 : 1))
    .map((past) => ({ past, run: simRun(past, fleet) }));
  const late = all.filter(({ past }) => past.submitAtMs >= fromMs);
  const anew = late.filter(({ run }) => fits(run, fleet));
  const beginsAtMs = anew[0]?.run.submitAtMs ?? fromMs;
  const history = all.filter(({ run }) => run.submitAtMs < fromMs && endsBy(run, beginsAtMs));
  return {
    workload: { runs: anew.map(({ run }) => run), history: history.map(({ run }) => run) },
    past: anew.map(({ past }) => past),
    leftOut: late.length - anew.length,
  };
};

const simRun = (past: PastRun, fleet: Fleet): SimRun => {
  const { id, pipeline, tenant, priorityClass, submitAtMs, deadlineAtMs } = past;
  return { id, pipeline, tenant, priorityClass, submitAtMs, deadlineAtMs, tasks: tasksOf(past, fleet) };
};

const fits = ({ tasks }: SimRun, fleet: Fleet): boolean =>
  tasks.length > 0 && tasks.every((task) => shortages(task.resources, capacityOf(task, fleet)).length === 0);

const capacityOf = ({ pool }: SimTask, { nodes }: Fleet) =>
  nodes.filter((node) => node.pool === pool).reduce((sum, { capacity }) => add(sum, capacity), NOTHING);

const endsBy = ({ submitAtMs, tasks }: SimRun, atMs: number): boolean =>
  tasks.length > 0 && submitAtMs + criticalPathSeconds(tasks) * 1000 <= atMs;
