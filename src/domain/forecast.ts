/** A forecast of one attempt's runtime: advice with an interval, frozen onto the task when it becomes ready. */
export interface Forecast {
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  /** How many settled attempts stand behind it; 0 for an estimate or a prior. */
  readonly observations: number;
  /** Which model spoke: `estimate`, `prior`, `rolling-median`, `linear`, … */
  readonly model: string;
  /** What a failure would waste times how likely it is; only where the policy counts it as size. */
  readonly expectedLossSeconds?: number;
  /** The forecaster's state that gave it, so that it can be given again. */
  readonly version: string;
}

/** How long an attempt has still to run, by the two quantiles of its forecast. */
export interface Remaining {
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** A forecast without spread is not believed for ever: once outrun it is taken to have this one (P90 a quarter above P50). */
export const LEAST_SHAPE = 0.1;

/**
 * What is left of a task that has run for so long already. The forecast is read as a log-logistic curve through its P50 and
 * P90, whose conditional quantiles have a closed form: a task that has outrun its forecast is not about to end, the longer it
 * ran the longer it is likely to go on.
 */
export const remaining = (
  { p50Seconds, p90Seconds }: Pick<Forecast, 'p50Seconds' | 'p90Seconds'>,
  ranSeconds: number,
): Remaining => {
  if (ranSeconds <= 0) return { p50Seconds, p90Seconds };
  const shape = shapeOf(p50Seconds, p90Seconds);
  if (shape < LEAST_SHAPE && ranSeconds < p50Seconds)
    return { p50Seconds: p50Seconds - ranSeconds, p90Seconds: p90Seconds - ranSeconds };
  const believed = Math.max(shape, LEAST_SHAPE);
  const odds = (ranSeconds / p50Seconds) ** (1 / believed);
  const total = (of: number) => p50Seconds * of ** believed - ranSeconds;
  return { p50Seconds: total(1 + 2 * odds), p90Seconds: total(9 + 10 * odds) };
};

/**
 * The same in one number, to order work by: half of what it has run where it has outrun its P50 (the conditional median of a Pareto
 * tail of index 1.7), since a wide forecast's own curve would put it off for ever.
 */
export const leftSeconds = (p50Seconds: number, ranSeconds: number): number =>
  Math.max(p50Seconds - ranSeconds, ranSeconds / 2);

/** The log-logistic curve's shape: its P90 is 9 to this power times its P50. */
export const shapeOf = (p50Seconds: number, p90Seconds: number): number =>
  Math.log(Math.max(1, p90Seconds / p50Seconds)) / Math.log(9);

/** What is known of a task before it runs, as named numbers and categories. */
export type Features = Readonly<Record<string, number | string>>;

/** Whom a forecast is for: the hierarchy runs from the most specific name to all work. */
export interface ForecastSubject {
  readonly pipeline: string;
  readonly task: string;
  readonly pool: string;
  readonly tenant: string;
  readonly features: Features;
  /** The user's own estimate, where given. */
  readonly estimateSeconds?: number;
}

/** How an attempt may end. `lost`: its worker or node went away. */
export const OUTCOMES = ['succeeded', 'failed', 'preempted', 'cancelled', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One settled attempt, the unit of learning. All but `succeeded` and `failed` are censored: "at least so long". */
export interface Observation extends ForecastSubject {
  readonly outcome: Outcome;
  readonly runtimeSeconds: number;
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** Work that had to be done again, and how much no checkpoint was known to keep when it was asked to leave. */
  readonly lostSeconds?: number | null;
  readonly unsafeSeconds?: number | null;
  readonly endedAtMs: number;
}
