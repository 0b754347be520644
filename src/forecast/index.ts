export {
  createForecaster,
  type Forecaster,
  type ForecasterCounts,
  type ForecasterOptions,
  type Outlook,
  type Prior,
} from './forecaster.js';
export type { Usage } from './usage.js';
