import { describe, expect, it } from 'vitest';
import {
  type Breaker,
  type BreakerRules,
  CLOSED,
  noteEnd,
  passTime,
  startsOf,
} from '../../src/planner/index.js';

const RULES: BreakerRules = {
  failureShare: 0.5,
  ofLast: 4,
  fromPipelines: 2,
  trialAfterSeconds: 10,
  rampSeconds: 60,
};
/** `F` and `f` fail, of two pipelines; `.` succeeds. Each is a task of its own. */
const after = (ends: string, breaker: Breaker = CLOSED, rules = RULES): Breaker =>
  [...ends].reduce(
    (now, end, index) =>
      noteEnd(now, { of: `${index}${end}`, pipeline: end, failed: end !== '.' }, rules, 1_000),
    breaker,
  );
const opened = after('F.fF');

describe('A breaker', () => {
  it.each([
    ['....', 'closed', 'nothing failed'],
    ['F.f', 'closed', 'three are too few'],
    ['F...', 'closed', 'a quarter is not half'],
    ['F.fF', 'open', 'three of four'],
    ['FFFF', 'closed', 'one pipeline alone may be broken'],
    ['Ff..', 'open', 'half of four, from two pipelines'],
    ['F....fF', 'closed', 'after four that went well it counts anew'],
  ])('after %s is %s: %s', (ends, state) => {
    expect(after(ends).state).toBe(state);
  });

  it('counts a task once, by its latest end', () => {
    const again = Array.from({ length: 8 }, (_, time) => ({ of: 'same', pipeline: `${time}`, failed: true }));
    expect(again.reduce((now, end) => noteEnd(now, end, RULES, 1), CLOSED).state).toBe('closed');
  });

  it('comes on trial after its time, and not before', () => {
    expect(passTime(opened, RULES, 10_999)).toBe(opened);
    expect(passTime(opened, RULES, 11_000)).toMatchObject({ state: 'trial' });
  });

  it('begins again by and by after a trial that went well', () => {
    const trial = passTime(opened, RULES, 11_000);
    const ramp = noteEnd(trial, { of: 't', pipeline: 'p', failed: false }, RULES, 20_000);
    expect(ramp).toMatchObject({ state: 'ramp', sinceMs: 20_000 });
    expect(passTime(ramp, RULES, 79_999)).toBe(ramp);
    expect(passTime(ramp, RULES, 80_000)).toMatchObject({ state: 'closed' });
  });

  it('stays open twice as long after each trial that failed, an hour at most', () => {
    let breaker = opened;
    const pauses = Array.from({ length: 12 }, () => {
      const sinceMs = breaker.trialAtMs ?? 0;
      breaker = noteEnd(
        passTime(breaker, RULES, sinceMs),
        { of: 't', pipeline: 'p', failed: true },
        RULES,
        sinceMs,
      );
      return ((breaker.trialAtMs ?? 0) - sinceMs) / 1_000;
    });
    expect(pauses.slice(0, 3)).toEqual([20, 40, 80]);
    expect(pauses.at(-1)).toBe(3_600);
  });

  it.each([
    [CLOSED, null],
    [opened, 0],
    [passTime(opened, RULES, 11_000), 1],
    [{ ...CLOSED, state: 'ramp' } as const, 4],
  ])('lets through what its state says', (breaker, starts) => {
    expect(startsOf(breaker, RULES, { size: 100, everySeconds: 2 })).toBe(starts);
  });
});
