import type { Features, Forecast, ForecastSubject, Observation } from '../../domain/index.js';

/** Runtimes that a median is taken of; as in the project's baselines. */
const WINDOW = 20;

/**
 * The plain forecaster to compare with: the median of the latest twenty runtimes of the same features, else of the same
 * categories, else of all. Without spread: what it says is believed.
 */
export class RollingMedians {
  readonly #windows = new Map<string, number[]>();

  /** `prior`: a pool's runtime before anything has ended. */
  constructor(private readonly prior: (pool: string) => number) {}

  predict(subject: ForecastSubject): Forecast {
    const window = namesOf(subject)
      .map((name) => this.#windows.get(name))
      .find((found) => found !== undefined);
    const seconds = window === undefined ? this.prior(subject.pool) : medianOf(window);
    return {
      p50Seconds: seconds,
      p90Seconds: seconds,
      observations: window?.length ?? 0,
      model: 'rolling-median',
      version: '',
    };
  }

  learn(observation: Observation): void {
    if (observation.outcome !== 'succeeded') return;
    for (const name of namesOf(observation)) {
      const window = this.#windows.get(name) ?? [];
      window.push(observation.runtimeSeconds);
      if (window.length > WINDOW) window.shift();
      this.#windows.set(name, window);
    }
  }
}

const namesOf = ({ pipeline, task, features }: ForecastSubject): readonly string[] => {
  const own = JSON.stringify([pipeline, task]);
  return [`${own}${JSON.stringify(features)}`, `${own}${JSON.stringify(categories(features))}`, own, 'all'];
};

const categories = (features: Features): Features =>
  Object.fromEntries(Object.entries(features).filter(([, value]) => typeof value === 'string'));

const medianOf = (window: readonly number[]): number => {
  const sorted = [...window].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
};
