import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/domain/index.js';
import { createForecaster } from '../../src/forecast/index.js';

const prior = () => ({ p50Seconds: 60, p90Seconds: 300 });
const anObservation = (over: Partial<Observation> = {}): Observation => ({
  pipeline: 'nightly',
  task: 'train',
  pool: 'gpu',
  tenant: 'a',
  features: {},
  outcome: 'succeeded',
  runtimeSeconds: 10,
  peakMemoryBytes: null,
  cpuSeconds: null,
  endedAtMs: 0,
  ...over,
});

describe('a forecaster', () => {
  it('gives the prior of the pool when it knows nothing', () => {
    const forecast = createForecaster({ prior }).predict(anObservation());
    expect(forecast).toMatchObject({ p50Seconds: 60, p90Seconds: 300, observations: 0, model: 'prior' });
  });

  it('takes the estimate of the user before the prior', () => {
    const forecast = createForecaster({ prior }).predict({ ...anObservation(), estimateSeconds: 20 });
    expect(forecast).toMatchObject({ p50Seconds: 20, p90Seconds: 100, model: 'estimate' });
  });

  it('takes the history of the task before the estimate', () => {
    const forecaster = createForecaster({ prior });
    for (const runtimeSeconds of [9, 10, 11]) forecaster.observe(anObservation({ runtimeSeconds }));
    const forecast = forecaster.predict({ ...anObservation(), estimateSeconds: 500 });
    expect(forecast.p50Seconds).toBeCloseTo(10, 0);
    expect(forecast.observations).toBe(3);
  });
});
