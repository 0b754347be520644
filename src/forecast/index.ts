export { createForecaster, type Forecaster, type ForecasterOptions, type Prior } from './forecaster.js';
