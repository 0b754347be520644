import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/planner/policy/admission.js';
import { heldBy } from '../../src/planner/policy/held.js';
import { closures } from '../../src/planner/policy/opening.js';
import { aPolicy, someFacts } from './policy-builders.js';

const at = (time: string) => Date.parse(time);
const minute = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));

/** When a task that became ready then may not start, seen from then on or from later. */
const held = (lines: string, ready: string, seen = ready): readonly (readonly (string | null)[])[] => {
  const policy = aPolicy(lines);
  const admission = admit(someFacts({ priority: 'batch' }), policy, at(ready));
  return heldBy(admission, policy, at(ready), at(seen)).map(({ fromMs, untilMs }) => [
    minute(fromMs),
    minute(untilMs),
  ]);
};

const window = (opens: string, hours: number, heldAtMostHours: number, zone = 'UTC') =>
  `windows:\n  - { name: w, when: task.priority == "batch", opens: "${opens}", hours: ${hours}, ` +
  `heldAtMostHours: ${heldAtMostHours}, zone: ${zone} }`;
const NIGHTS = window('0 22 * * *', 8, 24);

describe('A window', () => {
  it('that spans midnight is one night', () => {
    expect(held(NIGHTS, '2026-03-10T23:30:00Z')).toEqual([['2026-03-11T06:00', '2026-03-11T22:00']]);
    expect(held(NIGHTS, '2026-03-11T01:30:00Z')).toEqual([['2026-03-11T06:00', '2026-03-11T22:00']]);
  });

  it('keeps a task from its readiness until it opens, and again once it has closed', () => {
    expect(held(NIGHTS, '2026-03-10T15:00:00Z')).toEqual([
      ['2026-03-10T15:00', '2026-03-10T22:00'],
      ['2026-03-11T06:00', '2026-03-11T15:00'],
    ]);
  });

  it('is open at the instant at which it opens, and closed at that at which it closes', () => {
    expect(held(NIGHTS, '2026-03-10T22:00:00Z', '2026-03-10T22:00:00Z')[0]?.[0]).toBe('2026-03-11T06:00');
    expect(held(NIGHTS, '2026-03-11T06:00:00Z')[0]).toEqual(['2026-03-11T06:00', '2026-03-11T22:00']);
  });

  it('holds a task no longer than its bound, though it stays closed', () => {
    expect(held(window('0 22 * * 6', 8, 5), '2026-03-10T15:00:00Z')).toEqual([
      ['2026-03-10T15:00', '2026-03-10T20:00'],
    ]);
    expect(held(window('0 22 * * 6', 8, 5), '2026-03-10T15:00:00Z', '2026-03-10T20:00:00Z')).toEqual([]);
  });

  it('stays open where it opens again before it closes', () => {
    expect(held(window('0 8-17 * * *', 2, 24), '2026-03-10T09:30:00Z')).toEqual([
      ['2026-03-10T19:00', '2026-03-11T08:00'],
    ]);
  });

  it('opens by the clocks of its zone', () => {
    expect(held(window('0 22 * * *', 8, 12, 'Europe/Berlin'), '2026-01-10T12:00:00Z')).toEqual([
      ['2026-01-10T12:00', '2026-01-10T21:00'],
    ]);
    expect(held(window('0 22 * * *', 8, 12, 'Europe/Berlin'), '2026-07-10T12:00:00Z')).toEqual([
      ['2026-07-10T12:00', '2026-07-10T20:00'],
    ]);
  });

  it('lasts its hours in the night in which the clocks go forward', () => {
    expect(held(window('0 22 * * *', 8, 24, 'Europe/Berlin'), '2026-03-28T22:00:00Z')[0]).toEqual([
      '2026-03-29T05:00',
      '2026-03-29T20:00',
    ]);
  });

  it('opens at the first time after the one that the clocks jump over', () => {
    const early = window('30 2 * * *', 1, 12, 'Europe/Berlin');
    expect(held(early, '2026-03-28T20:00:00Z')[0]).toEqual(['2026-03-28T20:00', '2026-03-29T01:00']);
  });

  it('opens once in the hour that the clocks repeat', () => {
    const early = window('30 2 * * *', 0.5, 12, 'Europe/Berlin');
    expect(held(early, '2026-10-24T20:00:00Z')).toEqual([
      ['2026-10-24T20:00', '2026-10-25T00:30'],
      ['2026-10-25T01:00', '2026-10-25T08:00'],
    ]);
  });

  it('that is closed over months says so in one piece', () => {
    expect(held(window('0 0 1 12 *', 24, 744), '2026-05-20T00:00:00Z')).toEqual([
      ['2026-05-20T00:00', '2026-06-20T00:00'],
    ]);
  });

  it('says the same whenever it is asked', () => {
    const policy = aPolicy(NIGHTS);
    const ready = at('2026-03-10T15:00:00Z');
    const windows = { windows: ['w'], holds: [] };
    const first = heldBy(windows, policy, ready, ready);
    for (const day of [400, -400, 30]) heldBy(windows, policy, ready + day * 86_400_000, ready);
    expect(heldBy(windows, policy, ready, ready)).toEqual(first);
    expect(heldBy(windows, aPolicy(NIGHTS), ready, ready)).toEqual(first);
  });

  it('says in words what it waits for', () => {
    const policy = aPolicy(NIGHTS);
    const ready = at('2026-03-10T15:00:00Z');
    expect(heldBy({ windows: ['w'], holds: [] }, policy, ready, ready)).toEqual([
      {
        code: 'window-closed',
        detail: 'window "w" is closed until 2026-03-10 22:00 UTC, when it opens',
        fromMs: ready,
        untilMs: at('2026-03-10T22:00:00Z'),
      },
      {
        code: 'window-closed',
        detail: 'window "w" is closed until 2026-03-11 15:00 UTC, it is held for 24 h at most',
        fromMs: at('2026-03-11T06:00:00Z'),
        untilMs: at('2026-03-11T15:00:00Z'),
      },
    ]);
  });
});

/** Whether a window opened within its hours before an instant: the long way to tell that it is open. */
const isOpen = (opens: string, hours: number, zone: string, atMs: number): boolean => {
  const times = new Cron(opens, { timezone: zone, paused: true, fixedTimeRule: 'no-wildcard' });
  const next = times.nextRun(new Date(atMs - hours * 3_600_000));
  return next !== null && next.getTime() <= atMs;
};

describe('The times at which a window is closed', () => {
  const opens = fc.constantFrom(
    '0 22 * * *',
    '30 2 * * *',
    '15 */6 * * *',
    '0 8-17 * * 1-5',
    '0 0 1 * *',
    '45 23 * * 6,0',
  );
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  );
  const day = fc.integer({
    min: at('2026-01-01T00:00:00Z') / 60_000,
    max: at('2027-01-01T00:00:00Z') / 60_000,
  });

  it('are those at which it has not opened within its hours, whatever the clocks of its zone do', () => {
    fc.assert(
      fc.property(opens, zone, day, fc.integer({ min: 1, max: 96 }), (opens, zone, minute, quarters) => {
        const hours = quarters / 4;
        const fromMs = minute * 60_000;
        const closed = closures({ opens, hours, zone })(fromMs, fromMs + 40 * 86_400_000);
        const edges = closed.flatMap(({ fromMs, toMs }) => [fromMs, toMs - 60_000, toMs]).slice(0, 12);
        for (const atMs of [fromMs, ...edges].filter((atMs) => atMs < fromMs + 40 * 86_400_000)) {
          const isClosed = closed.some((closure) => closure.fromMs <= atMs && atMs < closure.toMs);
          expect(isClosed, new Date(atMs).toISOString()).toBe(!isOpen(opens, hours, zone, atMs));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('A hold', () => {
  const HOLD = `holds: [{ name: move, when: task.devices > 2, reason: the hall moves, until: "2026-03-12T08:00:00+01:00" }]`;

  it('keeps what matches until its end', () => {
    expect(held(HOLD, '2026-03-10T15:00:00Z')).toEqual([['2026-03-10T15:00', '2026-03-12T07:00']]);
    expect(held(HOLD, '2026-03-10T15:00:00Z', '2026-03-12T07:00:00Z')).toEqual([]);
    expect(held(HOLD, '2026-03-12T07:00:00Z')).toEqual([]);
  });

  it('without an end lasts as long as the policy', () => {
    const policy = aPolicy('holds: [{ name: stop, when: "true", reason: flood }]');
    const [one] = heldBy(admit(someFacts(), policy, 0), policy, 0, 0);
    expect(one).toEqual({
      code: 'held',
      detail: 'hold "stop", until the policy changes: flood',
      fromMs: 0,
      untilMs: null,
    });
  });

  it('and a closed window count both', () => {
    expect(held(`${NIGHTS}\n${HOLD}`, '2026-03-10T15:00:00Z')).toHaveLength(3);
  });
});
