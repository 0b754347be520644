export { simulate } from './engine/simulate.js';
export type { PastRun } from './replay/past.js';
export { type Price, recordedResult } from './replay/recorded.js';
export { type Replay, replayOf } from './replay/replay.js';
export { isIn, type PolicyReport, reportOf, type Window } from './report/metrics.js';
export { queueSvg } from './report/queue-svg.js';
export { queueText } from './report/queue-text.js';
export type { Table } from './workload/columns.js';
export type { TextLine } from './workload/dags.js';
export { factsOf } from './workload/facts.js';
export { evenFleet } from './workload/fleet.js';
export { aloneSeconds, criticalPathSeconds, earliestEnds } from './workload/graph.js';
export { type JobPlan, type Jobs, readJobs } from './workload/jobs.js';
export { Mistakes } from './workload/mistakes.js';
export type {
  Fleet,
  ForecastMode,
  QueueSample,
  RunRecord,
  SimNode,
  SimOptions,
  SimRun,
  SimTask,
  SimulationResult,
  Workload,
} from './workload/types.js';
export { readWorkflows, type WorkflowFiles } from './workload/workflows.js';
