import { Cron } from 'croner';

const HOUR_MS = 3_600_000;

/** Five fields; of what the library takes besides, `?` would mean the present. */
export const CRON = /^[\w*,/#-]{1,64}( +[\w*,/#-]{1,64}){4}$/;

/** When a window opens, and for how long. */
export interface Opening {
  /** A cron expression of five fields: minute, hour, day of the month, month, weekday. */
  readonly opens: string;
  readonly hours: number;
  readonly zone: string;
}

type Times = Pick<Opening, 'opens' | 'zone'>;

/** A time in which a window is closed; it opens at its end. */
export interface Closure {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The times at which a window opens. Throws where the expression or the zone is none. A time that the clock jumps over in spring
 * opens at the first time after; one that it repeats in autumn opens once.
 */
const timesOf = ({ opens, zone }: Times): Cron =>
  new Cron(opens, { timezone: zone, paused: true, mode: '5-part', fixedTimeRule: 'no-wildcard' });

/** Closures are found and kept for so long at a time, as many tasks ask for the same; and for so many such times. */
const PERIOD_MS = 32 * 24 * HOUR_MS;
const MAX_PERIODS = 24;

/**
 * Tells when a window is closed within a span of time, in order. It closes so many hours after it last opened, by elapsed time,
 * whatever the clocks do.
 */
export const closures = (opening: Opening): ((fromMs: number, toMs: number) => readonly Closure[]) => {
  const times = timesOf(opening);
  const kept = new Map<number, readonly Closure[]>();
  const during = (period: number): readonly Closure[] => {
    const known =
      kept.get(period) ?? closed(times, opening.hours, period * PERIOD_MS, (period + 1) * PERIOD_MS);
    if (kept.size >= MAX_PERIODS) kept.clear();
    kept.set(period, known);
    return known;
  };
  return (fromMs, toMs) => {
    const first = Math.floor(fromMs / PERIOD_MS);
    const periods = Array.from({ length: Math.ceil(toMs / PERIOD_MS) - first }, (_, i) => during(first + i));
    return joined(periods.flat())
      .filter((closure) => closure.toMs > fromMs && closure.fromMs < toMs)
      .map((closure) => ({ fromMs: Math.max(fromMs, closure.fromMs), toMs: Math.min(toMs, closure.toMs) }));
  };
};

const closed = (times: Cron, hours: number, fromMs: number, toMs: number): readonly Closure[] => {
  const found: Closure[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const closesMs = lastOpening(times, atMs) + hours * HOUR_MS;
    const opensMs = closesMs > atMs ? closesMs : (times.nextRun(new Date(atMs))?.getTime() ?? toMs);
    if (closesMs <= atMs) found.push({ fromMs: atMs, toMs: Math.min(opensMs, toMs) });
    atMs = opensMs;
  }
  return found;
};

/** Closures that go on from one period into the next as one. */
const joined = (found: readonly Closure[]): readonly Closure[] =>
  found.reduce<Closure[]>((all, closure) => {
    const last = all.at(-1);
    if (last?.toMs !== closure.fromMs) all.push(closure);
    else all[all.length - 1] = { fromMs: last.fromMs, toMs: closure.toMs };
    return all;
  }, []);

/** The opening at or before a time: the library looks before its reference. */
const lastOpening = (times: Cron, atMs: number): number =>
  times.previousRuns(1, new Date(atMs + 1))[0]?.getTime() ?? Number.NEGATIVE_INFINITY;

/** Whether a window opens again before it closes all year round, so that it is none. */
export const isAlwaysOpen = (opening: Opening): boolean => {
  const times = timesOf(opening);
  if (closed(times, opening.hours, JANUARY.fromMs, JANUARY.toMs).length > 0) return false;
  return MONTH_ENDS.every((atMs) => lastOpening(times, atMs) + opening.hours * HOUR_MS > atMs);
};

/** A whole month has every hour, weekday and day of the month; what is left of an expression is the month. */
const JANUARY = { fromMs: Date.UTC(2028, 0, 1), toMs: Date.UTC(2028, 1, 1) } as const;
const MONTH_ENDS = Array.from({ length: 12 }, (_, month) => Date.UTC(2028, month + 1, 1) - 1);

/** Whether an expression names a time that comes at all: there is no 30 February. */
export const everOpens = (times: Times): boolean => timesOf(times).nextRun(new Date(JANUARY.fromMs)) !== null;

/** Whether the time zone is known here. */
export const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};
