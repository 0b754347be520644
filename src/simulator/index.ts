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
