import type { Forecast, ForecastSubject, Observation } from '../../domain/index.js';
import { createForecaster } from '../../forecast/index.js';
import type { Policy } from '../../planner/index.js';
import type { ForecastMode } from '../workload/types.js';
import { RollingMedians } from './rolling-medians.js';

/** Where a simulation's forecasts come from; it learns only from what has ended. */
export interface Forecasts {
  predict(subject: ForecastSubject, trueSeconds: number): Forecast;
  learn(observation: Observation): void;
}

/** The source that a simulation was told to use. */
export const forecastsFor = (mode: ForecastMode, policy: Policy): Forecasts => {
  const prior = (pool: string) => policy.pools[pool as keyof Policy['pools']].prior;
  if (mode === 'oracle')
    return { predict: (_, trueSeconds) => exactly(trueSeconds, 'oracle'), learn: () => {} };
  if (mode === 'none')
    return { predict: ({ pool }) => ({ ...exactly(0, 'prior'), ...prior(pool) }), learn: () => {} };
  if (mode === 'median') return new RollingMedians((pool) => prior(pool).p50Seconds);
  const forecaster = createForecaster({ prior, expectedLoss: policy.size?.expectedLoss ?? false });
  return {
    predict: (subject) => forecaster.predict(subject),
    learn: (observation) => forecaster.observe(observation),
  };
};

/** A forecast without spread. */
export const exactly = (seconds: number, model: string): Forecast => ({
  p50Seconds: seconds,
  p90Seconds: seconds,
  observations: 0,
  model,
  version: '',
});
