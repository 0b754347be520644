import type { Forecast, ForecastSubject, Observation } from '../domain/index.js';
import { RollingWindow } from './rolling-window.js';

/** What to expect of a pool's work before anything is known of it. */
export interface Prior {
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** What a forecaster needs from outside: the policy's priors. */
export interface ForecasterOptions {
  /** The pool's prior; both numbers positive, P50 at most P90. */
  prior(pool: string): Prior;
}

/** Learns from settled attempts in the order given; the same observations give the same state and answers. */
export interface Forecaster {
  /** The forecast of an attempt about to start. Never throws, always finite, P50 at most P90. */
  predict(subject: ForecastSubject): Forecast;
  /** Learns one settled attempt; a doubtful one (no finite positive runtime) is counted and left out. */
  observe(observation: Observation): void;
  /** Names the state: replaying this many observations gives it again. */
  readonly version: string;
}

/** Below this many observations a key says less than the wider one does. */
const ENOUGH = 3;

/** A forecaster that knows nothing yet; feed it the stored observations to bring it up to date. */
export function createForecaster(options: ForecasterOptions): Forecaster {
  const windows = new Map<string, RollingWindow>();
  let observed = 0;

  const answer = (p50: number, p90: number, observations: number, model: string): Forecast => ({
    p50Seconds: p50,
    p90Seconds: Math.max(p50, p90),
    observations,
    model,
    version: version(),
  });
  const version = () => `1.${observed}`;
  const fromWindow = (key: string): Forecast | undefined => {
    const window = windows.get(key);
    if (window === undefined || window.total < ENOUGH) return undefined;
    return answer(window.quantile(0.5), window.quantile(0.9), window.total, 'rolling-median');
  };

  return {
    get version() {
      return version();
    },
    predict(subject) {
      const [task = '', ...wider] = keysOf(subject);
      const prior = options.prior(subject.pool);
      const own = fromWindow(task);
      if (own !== undefined) return own;
      const estimate = subject.estimateSeconds;
      if (estimate !== undefined && isRuntime(estimate)) {
        return answer(estimate, (estimate * prior.p90Seconds) / prior.p50Seconds, 0, 'estimate');
      }
      for (const key of wider) {
        const forecast = fromWindow(key);
        if (forecast !== undefined) return forecast;
      }
      return answer(prior.p50Seconds, prior.p90Seconds, 0, 'prior');
    },
    observe(observation) {
      observed += 1;
      if (observation.outcome !== 'succeeded' || !isRuntime(observation.runtimeSeconds)) return;
      for (const key of keysOf(observation)) {
        const window = windows.get(key) ?? new RollingWindow();
        window.push(observation.runtimeSeconds);
        windows.set(key, window);
      }
    },
  };
}

const isRuntime = (seconds: number) => Number.isFinite(seconds) && seconds > 0;

/** The names that a subject's history goes by, the most specific first. */
function keysOf(subject: ForecastSubject): string[] {
  const { pool, pipeline, task } = subject;
  return [JSON.stringify([pool, pipeline, task]), JSON.stringify([pool, pipeline]), JSON.stringify([pool])];
}
