import { Cron } from 'croner';

const HOUR_MS = 3_600_000;

/** When a window opens, and for how long. */
export interface Opening {
  /** A cron expression of five fields: minute, hour, day of the month, month, weekday. */
  readonly opens: string;
  readonly hours: number;
  readonly zone: string;
}

/** `open`, or closed until a time; null where it never opens again. */
export type OpenState = 'open' | { readonly closedUntilMs: number | null };

/**
 * The times at which a window opens. Throws where the expression or the zone is none. A time that the clock jumps over in spring
 * opens at the first time after; one that it repeats in autumn opens once.
 */
export const timesOf = ({ opens, zone }: Pick<Opening, 'opens' | 'zone'>): Cron =>
  new Cron(opens, { timezone: zone, paused: true, mode: '5-part', fixedTimeRule: 'no-wildcard' });

/**
 * Tells whether a window is open. It closes so many hours after it last opened, by elapsed time, whatever the clocks do. The last
 * answer is kept while it holds: a cycle asks for each task that waits.
 */
export const gate = (opening: Opening): ((atMs: number) => OpenState) => {
  const times = timesOf(opening);
  let known: { fromMs: number; toMs: number; state: OpenState } | undefined;
  return (atMs) => {
    if (known === undefined || atMs < known.fromMs || atMs >= known.toMs)
      known = lookUp(times, opening.hours, atMs);
    return known.state;
  };
};

const lookUp = (
  times: Cron,
  hours: number,
  atMs: number,
): { fromMs: number; toMs: number; state: OpenState } => {
  const openedMs = lastOpening(times, atMs);
  const closesMs = openedMs + hours * HOUR_MS;
  if (closesMs > atMs) return { fromMs: openedMs, toMs: closesMs, state: 'open' };
  const closedUntilMs = times.nextRun(new Date(atMs))?.getTime() ?? null;
  return { fromMs: closesMs, toMs: closedUntilMs ?? Number.POSITIVE_INFINITY, state: { closedUntilMs } };
};

/** The opening at or before a time: the library looks before its reference. */
const lastOpening = (times: Cron, atMs: number): number =>
  times.previousRuns(1, new Date(atMs + 1))[0]?.getTime() ?? Number.NEGATIVE_INFINITY;

/** Whether a window opens again before it closes all year round, so that it is none; see `MONTH_ENDS`. */
export const isAlwaysOpen = (opening: Opening): boolean => {
  const times = timesOf(opening);
  const closesMs = (atMs: number) => lastOpening(times, atMs) + opening.hours * HOUR_MS;
  for (let atMs: number = JANUARY.fromMs; atMs < JANUARY.toMs; atMs = closesMs(atMs))
    if (closesMs(atMs) <= atMs) return false;
  return MONTH_ENDS.every((atMs) => closesMs(atMs) > atMs);
};

/** A whole month has every hour, weekday and day of the month; what is left of an expression is the month. */
const JANUARY = { fromMs: Date.UTC(2028, 0, 1), toMs: Date.UTC(2028, 1, 1) } as const;
const MONTH_ENDS = Array.from({ length: 12 }, (_, month) => Date.UTC(2028, month + 1, 1) - 1);

/** Whether an expression names a time that comes at all: there is no 30 February. */
export const everOpens = (opening: Pick<Opening, 'opens' | 'zone'>): boolean =>
  timesOf(opening).nextRun(new Date(JANUARY.fromMs)) !== null;

/** Whether the time zone is known here. */
export const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};
