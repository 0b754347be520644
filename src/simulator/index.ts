export { Cells } from './workload/cells.js';
export type { Table } from './workload/columns.js';
export type { TextLine } from './workload/dags.js';
export { evenFleet } from './workload/fleet.js';
export { criticalPathSeconds, earliestEnds } from './workload/graph.js';
export { type JobPlan, type Jobs, readJobs } from './workload/jobs.js';
export { Mistakes } from './workload/mistakes.js';
export {
  type Fleet,
  FORECASTS,
  type ForecastMode,
  type QueueSample,
  type RunRecord,
  type SimNode,
  type SimOptions,
  type SimRun,
  type SimTask,
  type SimulationResult,
  type Workload,
} from './workload/types.js';
export { readWorkflows, type WorkflowFiles } from './workload/workflows.js';
