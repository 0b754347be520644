import { Conformal } from './conformal.js';

/** Work that arrived: what it will hold of a pool, devices (or slots) times seconds. */
export interface Arrival {
  readonly pool: string;
  readonly atMs: number;
  readonly deviceSeconds: number;
}

/** The work expected to arrive in a span of time, with its 90% interval. */
export interface Demand {
  readonly deviceSeconds: number;
  readonly low: number;
  readonly high: number;
  /** Whole hours behind it; 0 where nothing is known of the pool. */
  readonly hours: number;
}

/** Learns when work arrives, pool by pool; arrivals in the order of their times. One of no work tells that it was quiet until then. */
export interface DemandForecaster {
  observe(arrival: Arrival): void;
  /** What should arrive from now on, for so long (at least a second, at most four weeks). */
  predict(pool: string, nowMs: number, seconds: number): Demand;
}

const HOUR_MS = 3_600_000;
/** The range of a `Date`: a clock beyond it is broken. */
const LATEST_MS = 8.64e15;
const DAY = 24;
const WEEK = 7 * DAY;
/** A silence longer than this is a pause or a broken clock, no pattern: the hours between are not learned. */
const LONGEST_SILENCE = 4 * WEEK;
/** An hour of the week follows its latest weeks, the level about its latest six hours. */
const SEASON_RATE = 0.3;
const LEVEL_RATE = 1 / 6;
/** How many weeks of its own an hour needs to count as much as the same hour of any day. */
const TRUST = 2;
/** A burst or a lull is expected to have half gone after so many hours. */
const HALF_LIFE_HOURS = 6;

/** A demand forecaster that knows nothing yet. */
export function createDemandForecaster(): DemandForecaster {
  const pools = new Map<string, PoolDemand>();
  return {
    observe({ pool, atMs, deviceSeconds }) {
      if (!(Math.abs(atMs) <= LATEST_MS) || !(deviceSeconds >= 0 && deviceSeconds < 1e15)) return;
      const demand = pools.get(pool) ?? new PoolDemand();
      pools.set(pool, demand);
      demand.add(atMs, deviceSeconds);
    },
    predict(pool, nowMs, seconds) {
      const hours = Math.max(1, Math.min(LONGEST_SILENCE * 3600, seconds || 0)) / 3600;
      return pools.get(pool)?.expect(nowMs, hours) ?? { deviceSeconds: 0, low: 0, high: 0, hours: 0 };
    },
  };
}

/** A mean that forgets, and how many values it has seen. */
interface Mean {
  count: number;
  value: number;
}

/** Seasonal level by hour of the week times the recent trend (Holt and Winters' multiplicative form, 1960). */
class PoolDemand {
  readonly #week = Array.from({ length: WEEK }, (): Mean => ({ count: 0, value: 0 }));
  readonly #day = Array.from({ length: DAY }, (): Mean => ({ count: 0, value: 0 }));
  readonly #all: Mean = { count: 0, value: 0 };
  readonly #errors = new Conformal();
  #hour = Number.NaN;
  #open = 0;
  #trend = 1;

  add(atMs: number, deviceSeconds: number): void {
    const hour = Math.floor(atMs / HOUR_MS);
    if (Number.isNaN(this.#hour) || hour - this.#hour > LONGEST_SILENCE) {
      this.#hour = hour;
      this.#open = 0;
    }
    while (this.#hour < hour) this.#close();
    this.#open += deviceSeconds;
  }

  expect(nowMs: number, hours: number): Demand {
    const first = Math.floor((Number.isFinite(nowMs) ? nowMs : 0) / HOUR_MS);
    let expected = 0;
    for (let ahead = 0; ahead < hours; ahead += 1) {
      const share = Math.min(1, hours - ahead);
      const unseen = Math.max(0, first + ahead - this.#hour);
      const damped = 1 + (this.#trend - 1) * 2 ** (-unseen / HALF_LIFE_HOURS);
      expected += share * this.#season(first + ahead) * damped;
    }
    const size = this.#errorSize(expected / hours) * Math.sqrt(hours);
    return {
      deviceSeconds: expected,
      low: Math.max(0, expected + size * this.#errors.quantile(0.05)),
      high: expected + size * this.#errors.quantile(0.95),
      hours: this.#all.count,
    };
  }

  /** Ends the current hour: scores what was expected of it, then learns it. */
  #close(): void {
    const expected = this.#season(this.#hour) * this.#trend;
    if (this.#all.count > 0) this.#errors.add((this.#open - expected) / this.#errorSize(expected));
    const season = this.#season(this.#hour);
    if (season > 0) this.#trend += LEVEL_RATE * (Math.min(5, this.#open / season) - this.#trend);
    learn(this.#week[mod(this.#hour, WEEK)] as Mean, this.#open, SEASON_RATE);
    learn(this.#day[mod(this.#hour, DAY)] as Mean, this.#open, SEASON_RATE / 7);
    learn(this.#all, this.#open, SEASON_RATE / WEEK);
    this.#hour += 1;
    this.#open = 0;
  }

  /** An hour's usual work: its own weeks, leaning on its hour of the day, leaning on all hours. */
  #season(hour: number): number {
    const day = lean(this.#day[mod(hour, DAY)] as Mean, this.#all.value);
    return lean(this.#week[mod(hour, WEEK)] as Mean, day);
  }

  /** Errors grow with what is expected, and never vanish: a quiet hour may hold a surprise. */
  #errorSize(expected: number): number {
    return Math.sqrt(Math.max(0, expected) * this.#all.value) + 0.1 * this.#all.value + 1e-9;
  }
}

const lean = (own: Mean, wider: number): number =>
  (own.count * own.value + TRUST * wider) / (own.count + TRUST);

function learn(mean: Mean, value: number, rate: number): void {
  mean.count += 1;
  mean.value += Math.max(rate, 1 / mean.count) * (value - mean.value);
}

const mod = (hour: number, period: number): number => ((hour % period) + period) % period;
