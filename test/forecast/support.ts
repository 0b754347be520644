import type { Observation } from '../../src/domain/index.js';
import { createForecaster, type Forecaster } from '../../src/forecast/index.js';

export const PRIOR = { p50Seconds: 60, p90Seconds: 300 };

/** A forecaster whose every pool has the same prior. */
export const aForecaster = (): Forecaster => createForecaster({ prior: () => PRIOR });

/** A successful attempt of one task, with what a test cares about changed. */
export const anObservation = (over: Partial<Observation> = {}): Observation => ({
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

/** Numbers in [0, 1), the same at every run. */
export const numbers = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};

/** One observation after the other, an hour apart; runtimes from the index and a number in [0, 1). */
export const observations = (
  count: number,
  runtimeSeconds: (i: number, chance: number) => number,
  over: (i: number, chance: number) => Partial<Observation> = () => ({}),
): Observation[] => {
  const random = numbers(7);
  return Array.from({ length: count }, (_, i) => {
    const [noise, chance] = [random(), random()];
    return anObservation({
      runtimeSeconds: runtimeSeconds(i, noise),
      endedAtMs: (i + 1) * 3_600_000,
      ...over(i, chance),
    });
  });
};

/** The forecaster after all of these. */
export const taught = (seen: readonly Observation[]): Forecaster => {
  const forecaster = aForecaster();
  for (const observation of seen) forecaster.observe(observation);
  return forecaster;
};
