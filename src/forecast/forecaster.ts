import type { Forecast, ForecastSubject, Observation } from '../domain/index.js';
import { type Case, cleanCase } from './case.js';
import { type Attempt, type Expectation, Learner } from './learner.js';
import { LossBook } from './losses.js';
import { type Usage, UsageBook } from './usage.js';

/** What to expect of a pool's work before anything is known of it. */
export interface Prior {
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** What a forecaster needs from outside: the policy's priors. Asked at each forecast, for another policy may come into force. */
export interface ForecasterOptions {
  /** The pool's prior; both numbers positive, P50 at most P90. */
  prior(pool: string): Prior;
  /** Whether forecasts say what a likely failure would waste: it takes another model. */
  readonly expectedLoss?: boolean;
}

/** All that is expected of an attempt, beyond the runtime frozen onto the task. */
export interface Outlook {
  readonly forecast: Forecast;
  /** Any quantile of the runtime, 0 < q < 1. */
  quantileSeconds(q: number): number;
  readonly failureProbability: number;
  /** What a failure costs times how likely it is, per device held. */
  readonly expectedWastedSeconds: number;
  /** Whether its runtimes have shifted of late: the interval is widened meanwhile. */
  readonly drifting: boolean;
  readonly usage: Usage;
}

/** What the forecaster has met, for the metrics. */
export interface ForecasterCounts {
  readonly observations: number;
  /** Observations whose runtime was not a finite positive number: left out of the runtime models. */
  readonly doubtfulRuntimes: number;
  /** Features that were not finite, absurdly large, or too many. */
  readonly doubtfulFeatures: number;
}

/** Learns from settled attempts in the order given; the same observations give the same state and answers. */
export interface Forecaster {
  /** The forecast of an attempt about to start. Never throws, always finite, P50 at most P90. */
  predict(subject: ForecastSubject): Forecast;
  /** The same with all that is known besides. */
  outlook(subject: ForecastSubject): Outlook;
  /** From 0 to 1: how much of the work that no checkpoint keeps a task really loses when it gives way. */
  lossShare(subject: Pick<ForecastSubject, 'pipeline' | 'task' | 'pool'>): number;
  /** Learns one settled attempt; doubtful values are counted and left out. */
  observe(observation: Observation): void;
  /** Names the state: replaying this many observations gives it again. */
  readonly version: string;
  readonly counts: ForecasterCounts;
  /** The learned state as text: the same observations in the same order give the same bytes. */
  serialize(): string;
}

/** Raised when the models change, so that an old version is never taken for a new one. */
const MODEL_VERSION = 4;
/** Below this many observations of its own, a task's user knows more than the wider history does. */
const ENOUGH = 3;
/** From so many on its own errors outweigh those of its first forecasts. */
const WELL_KNOWN = 20;

/** A forecaster that knows nothing yet; feed it the stored observations to bring it up to date. */
export function createForecaster(options: ForecasterOptions): Forecaster {
  const learner = new Learner();
  const usage = new UsageBook();
  const losses = new LossBook();
  let counts: ForecasterCounts = { observations: 0, doubtfulRuntimes: 0, doubtfulFeatures: 0 };

  const version = () => `${MODEL_VERSION}.${counts.observations}`;
  const forecastOf = (expected: Quantiles): Forecast => ({
    p50Seconds: expected.quantileSeconds(0.5),
    p90Seconds: expected.quantileSeconds(0.9),
    observations: expected.observations,
    model: expected.model,
    version: version(),
  });
  const quantiles = (subject: ForecastSubject, of: Case): Quantiles => {
    const learned = learner.expect(of);
    const prior = options.prior(subject.pool);
    if (learned !== undefined && learned.observations >= ENOUGH) return bounded(learned, prior);
    return estimated(subject, prior) ?? (learned === undefined ? fromPrior(prior) : cautious(learned, prior));
  };

  return {
    get version() {
      return version();
    },
    get counts() {
      return counts;
    },
    predict(subject) {
      const of = caseOf(subject).case;
      const expected = quantiles(subject, of);
      const forecast = forecastOf(expected);
      if (!options.expectedLoss) return forecast;
      return { ...forecast, expectedLossSeconds: learner.failureProbability(of) * forecast.p50Seconds };
    },
    outlook(subject) {
      const of = caseOf(subject).case;
      const expected = quantiles(subject, of);
      const failureProbability = learner.failureProbability(of);
      return {
        forecast: forecastOf(expected),
        quantileSeconds: (q) => expected.quantileSeconds(q),
        failureProbability,
        expectedWastedSeconds: failureProbability * expected.quantileSeconds(0.5),
        drifting: expected.drifting,
        usage: usage.of(subject),
      };
    },
    lossShare: (subject) => losses.of(subject),
    observe(observation) {
      const { case: of, doubtful } = caseOf(observation);
      const seconds = isRuntime(observation.runtimeSeconds) ? observation.runtimeSeconds : undefined;
      counts = {
        observations: counts.observations + 1,
        doubtfulRuntimes: counts.doubtfulRuntimes + (seconds === undefined ? 1 : 0),
        doubtfulFeatures: counts.doubtfulFeatures + doubtful,
      };
      learner.learn(of, attemptOf(observation, seconds));
      usage.learn(observation);
      losses.learn(observation);
    },
    serialize() {
      return JSON.stringify({ version: version(), counts, learner, usage, losses }, plainArrays);
    },
  };
}

/** Typed arrays as arrays: by themselves they are written as objects, three times as long. */
const plainArrays = (_: string, value: unknown): unknown =>
  value instanceof Float64Array || value instanceof Float32Array ? Array.from(value) : value;

type Quantiles = Pick<Expectation, 'quantileSeconds' | 'observations' | 'model' | 'drifting'>;

/** The user's own estimate with the prior's spread around it. */
function estimated(subject: ForecastSubject, prior: Prior): Quantiles | undefined {
  const estimate = subject.estimateSeconds;
  if (estimate === undefined || !isRuntime(estimate)) return undefined;
  return logLogistic('estimate', estimate, prior.p90Seconds / prior.p50Seconds);
}

/**
 * How wrong the first forecasts of a task were says nothing of it: they were made of other work. (Three runs of 60 s after one of a
 * tenth of a second: P90 25 hours.) Until it is well known, no upper quantile lies further beyond its longest run than the prior's do
 * beyond their median.
 */
function bounded(learned: Expectation, prior: Prior): Quantiles {
  if (learned.observations >= WELL_KNOWN) return learned;
  const { quantileSeconds } = fromPrior(prior);
  const most = (q: number) =>
    (Math.max(learned.quantileSeconds(0.5), learned.longestSeconds) * quantileSeconds(q)) / prior.p50Seconds;
  return {
    ...learned,
    quantileSeconds: (q) =>
      q > 0.5 ? Math.min(learned.quantileSeconds(q), most(q)) : learned.quantileSeconds(q),
  };
}

/** Other work says what is likely of a task hardly seen, but not how wrong that may be: no upper quantile below the prior's. */
function cautious(learned: Quantiles, prior: Prior): Quantiles {
  const { quantileSeconds } = fromPrior(prior);
  const upper = (q: number) => Math.max(learned.quantileSeconds(q), quantileSeconds(q));
  return { ...learned, quantileSeconds: (q) => (q > 0.5 ? upper(q) : learned.quantileSeconds(q)) };
}

const fromPrior = (prior: Prior): Quantiles =>
  logLogistic('prior', prior.p50Seconds, prior.p90Seconds / prior.p50Seconds);

/** A log-logistic curve through P50 and P90: its quantiles need no special function. */
function logLogistic(model: string, p50: number, ratio: number): Quantiles {
  const scale = Math.log(Math.max(1, ratio)) / Math.log(9);
  return {
    quantileSeconds: (q) =>
      q === 0.9 ? p50 * Math.max(1, ratio) : p50 * Math.exp(scale * Math.log(q / (1 - q))),
    observations: 0,
    model,
    drifting: false,
  };
}

/** Runtimes from 1 ms to some thirty years are believed. */
const isRuntime = (seconds: number): boolean => seconds > 0 && seconds < 1e9;

/** An attempt's hierarchy: task within pipeline, pipeline, pool. Tenant and keys are categories beside the features. */
function caseOf(subject: ForecastSubject): { case: Case; doubtful: number } {
  const { pool, pipeline, task, tenant, features } = subject;
  const keys = [JSON.stringify([pool, pipeline, task]), JSON.stringify([pool, pipeline]), pool];
  return cleanCase(keys, { tenant, task, ...features });
}

function attemptOf(observation: Observation, seconds: number | undefined): Attempt {
  const endMs = Number.isFinite(observation.endedAtMs) ? observation.endedAtMs : 0;
  const { outcome } = observation;
  const ended = outcome === 'succeeded' || outcome === 'failed' ? outcome : 'cut-short';
  return { startMs: endMs - (seconds ?? 0) * 1000, endMs, seconds, ended };
}
