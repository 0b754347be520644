import type { Forecast } from '../../domain/index.js';
import type { TaskFacts } from '../../planner/index.js';
import type { SimRun, SimTask, Workload } from './types.js';

const GIB = 1024 ** 3;
/** More settled attempts than any condition asks for. */
const MANY = 1_000_000;

/**
 * What conditions may read of a workload's tasks, as far as it is known beforehand: forecasts are taken to come true, and of
 * attempts there may be none or many.
 */
export function* factsOf({ runs }: Workload): Generator<TaskFacts> {
  for (const run of runs)
    for (const task of run.tasks) {
      const exact = { p50Seconds: task.runSeconds, p90Seconds: task.runSeconds };
      yield taskFacts(run, task, { ...exact, observations: 0 }, run.submitAtMs);
      yield taskFacts(run, task, { ...exact, observations: MANY }, run.submitAtMs);
    }
}

/** What conditions may read of a task that becomes ready. */
export const taskFacts = (
  run: SimRun,
  task: SimTask,
  { p50Seconds, p90Seconds, observations }: Pick<Forecast, 'p50Seconds' | 'p90Seconds' | 'observations'>,
  readyAtMs: number,
): TaskFacts => ({
  pipeline: run.pipeline,
  name: task.type,
  tenant: run.tenant,
  priority: run.priorityClass,
  pool: task.pool,
  devices: task.resources.devices,
  cores: task.resources.cores,
  memoryGiB: task.resources.memoryBytes / GIB,
  slots: task.resources.slots,
  p50Seconds,
  p90Seconds,
  attempts: observations,
  hasDeadline: run.deadlineAtMs !== null,
  deadlineSeconds: run.deadlineAtMs === null ? 0 : (run.deadlineAtMs - readyAtMs) / 1000,
  labels: {},
  features: task.features,
});
