/** A forecast of one attempt's runtime: advice with an interval, frozen onto the task when it becomes ready. */
export interface Forecast {
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  /** How many settled attempts stand behind it; 0 for an estimate or a prior. */
  readonly observations: number;
  /** Which model spoke: `estimate`, `prior`, `rolling-median`, `linear`, … */
  readonly model: string;
  /** The forecaster's state that gave it, so that it can be given again. */
  readonly version: string;
}

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
  readonly endedAtMs: number;
}
