import { describe, expect, it } from 'vitest';
import { adviceOf, type UsedAttempt } from '../../src/forecast/index.js';

const GIB = 2 ** 30;
const anAttempt = (over: Partial<UsedAttempt> = {}): UsedAttempt => ({
  outcome: 'succeeded',
  ranSeconds: 100,
  asked: { memoryBytes: 32 * GIB, cores: 0 },
  peakMemoryBytes: 9.1 * GIB,
  cpuSeconds: null,
  ...over,
});
const attempts = (n: number, over: Partial<UsedAttempt> = {}) =>
  Array.from({ length: n }, () => anAttempt(over));

describe('advice', () => {
  it('is to ask for the most ever used and a quarter more, in whole GiB', () => {
    expect(adviceOf(attempts(8))).toEqual([
      { what: 'memory', asked: 32 * GIB, used: 9.1 * GIB, ask: 12 * GIB, attempts: 8 },
    ]);
  });

  it('is also to ask for more where more is used', () => {
    const asked = { memoryBytes: 8 * GIB, cores: 0 };
    expect(adviceOf(attempts(8, { asked }))).toMatchObject([{ ask: 12 * GIB }]);
  });

  it('counts the cores that kept busy, of attempts that succeeded', () => {
    const asked = { memoryBytes: 0, cores: 8 };
    const busy = attempts(6, { asked, cpuSeconds: 150 });
    expect(adviceOf([...busy, anAttempt({ asked, cpuSeconds: 800, outcome: 'failed' })])).toEqual([
      { what: 'cores', asked: 8, used: 1.5, ask: 2, attempts: 6 },
    ]);
  });

  it.each([
    ['before the fifth attempt', attempts(4)],
    ['where it asks about right', attempts(8, { asked: { memoryBytes: 12 * GIB, cores: 0 } })],
    ['where it asks for nothing', attempts(8, { asked: { memoryBytes: 0, cores: 0 } })],
    ['where nothing was measured', attempts(8, { peakMemoryBytes: null })],
    ['without any attempt', []],
  ])('is none %s', (_, given) => {
    expect(adviceOf(given)).toEqual([]);
  });
});
