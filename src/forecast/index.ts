export { type Advice, adviceOf, type UsedAttempt } from './advice.js';
export { type Arrival, createDemandForecaster, type Demand, type DemandForecaster } from './demand.js';
export { type EvaluationPlan, type EvaluationReport, evaluate } from './evaluate.js';
export {
  createForecaster,
  type Forecaster,
  type ForecasterCounts,
  type ForecasterOptions,
  type Outlook,
  type Prior,
} from './forecaster.js';
export { type RuntimeScores, type ScoredRuntime, scoreRuntimes } from './metrics.js';
export { Overruns } from './overruns.js';
export { readTrace, type Trace, type TraceColumns, type TraceRow } from './trace.js';
export type { Usage } from './usage.js';
