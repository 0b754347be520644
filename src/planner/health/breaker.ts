/** When a breaker opens, and for how long. */
export interface BreakerRules {
  /** It opens when this share of the latest attempts has failed, */
  readonly failureShare: number;
  /** of so many, each task counted once, */
  readonly ofLast: number;
  /** and where the failures come from at least so many pipelines: one that is broken is nobody else's outage. */
  readonly fromPipelines: number;
  /** Then one attempt is let through on trial; a failed trial doubles the time, up to an hour. */
  readonly trialAfterSeconds: number;
  /** After a trial that went well it opens its gate by and by for so long; 0: at once. */
  readonly rampSeconds: number;
}

/** The end of an attempt as a breaker counts it. */
export interface CountedEnd {
  /** Whose end it is: a later one of the same replaces it. */
  readonly of: string;
  readonly pipeline: string;
  readonly failed: boolean;
}

/**
 * Keeps work away from what fails: a node, a pool, a service outside. `open` lets nothing through, `trial` one attempt, `ramp` a few
 * at a time, `closed` all. After the circuit breaker of M. Nygard, "Release It!" (2007).
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'trial' | 'ramp';
  readonly sinceMs: number;
  /** While it is open: when its trial is. */
  readonly trialAtMs: number | null;
  /** How often it has opened since it was last closed. */
  readonly openings: number;
  readonly recent: readonly CountedEnd[];
}

/** A breaker of which nothing is known. */
export const CLOSED: Breaker = { state: 'closed', sinceMs: 0, trialAtMs: null, openings: 0, recent: [] };

const LONGEST_MS = 3_600_000;

/**
 * An attempt that it let through has ended. It counts from a first failure on: where all goes well nothing is written. While it is
 * open nothing counts, for what ends then began before.
 */
export const noteEnd = (breaker: Breaker, end: CountedEnd, rules: BreakerRules, atMs: number): Breaker => {
  if (breaker.state === 'open') return breaker;
  if (breaker.state === 'trial') return end.failed ? open(breaker, rules, atMs) : trialPassed(rules, atMs);
  if (!end.failed && breaker.recent.length === 0) return breaker;
  const others = breaker.recent.filter(({ of }) => of !== end.of);
  const recent = [...others, end].slice(-rules.ofLast);
  const next = { ...breaker, recent: recent.some(({ failed }) => failed) ? recent : [] };
  return failsTooMuch(next, rules) ? open(next, rules, atMs) : next;
};

/** Takes back what it counted of one: it fails elsewhere too, so the fault is its own. */
export const forgive = (breaker: Breaker, of: string): Breaker =>
  breaker.recent.some((end) => end.of === of)
    ? { ...breaker, recent: breaker.recent.filter((end) => end.of !== of) }
    : breaker;

/** What the passing of time makes of it: an open one comes on trial, a ramp ends. The same object where nothing changes. */
export const passTime = (breaker: Breaker, rules: BreakerRules, atMs: number): Breaker => {
  if (breaker.state === 'open' && breaker.trialAtMs !== null && atMs >= breaker.trialAtMs)
    return { ...breaker, state: 'trial', sinceMs: atMs, trialAtMs: null };
  if (breaker.state === 'ramp' && atMs >= breaker.sinceMs + rules.rampSeconds * 1_000)
    return { ...CLOSED, sinceMs: atMs };
  return breaker;
};

/** Work begins again after an outage: a few at a time. */
export const beginRamp = (rules: BreakerRules, atMs: number): Breaker => trialPassed(rules, atMs);

const trialPassed = ({ rampSeconds }: BreakerRules, atMs: number): Breaker => ({
  ...CLOSED,
  state: rampSeconds > 0 ? 'ramp' : 'closed',
  sinceMs: atMs,
});

const open = (breaker: Breaker, { trialAfterSeconds }: BreakerRules, atMs: number): Breaker => ({
  state: 'open',
  sinceMs: atMs,
  trialAtMs: atMs + Math.min(LONGEST_MS, trialAfterSeconds * 1_000 * 2 ** breaker.openings),
  openings: breaker.openings + 1,
  recent: breaker.recent,
});

const failsTooMuch = (
  { recent }: Breaker,
  { failureShare, ofLast, fromPipelines }: BreakerRules,
): boolean => {
  const failed = recent.filter((end) => end.failed);
  return (
    recent.length >= ofLast &&
    failed.length >= failureShare * recent.length &&
    new Set(failed.map(({ pipeline }) => pipeline)).size >= fromPipelines
  );
};

/** How many attempts a breaker lets through until it is looked at again; null: as many as there is room for. */
export const startsOf = (
  { state }: Breaker,
  { rampSeconds }: BreakerRules,
  { size, everySeconds }: { readonly size: number; readonly everySeconds: number },
): number | null => {
  if (state === 'closed') return null;
  if (state === 'open') return 0;
  return state === 'trial' ? 1 : Math.max(1, Math.ceil((size * everySeconds) / rampSeconds));
};
