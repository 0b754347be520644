import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/domain/index.js';
import { aForecaster, anObservation, numbers, observations, PRIOR, taught } from './support.js';

const hostileNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, -1, 1e300, -1e300, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
);
const name = fc.constantFrom('a', 'b', '', '__proto__', 'constructor', '\u0000', '🚂'.repeat(300));
const hostileObservation: fc.Arbitrary<Observation> = fc.record({
  pipeline: name,
  task: name,
  pool: name,
  tenant: name,
  features: fc.dictionary(fc.oneof(name, fc.string()), fc.oneof(hostileNumber, fc.string())),
  outcome: fc.constantFrom('succeeded', 'failed', 'preempted', 'cancelled', 'lost'),
  runtimeSeconds: hostileNumber,
  peakMemoryBytes: fc.option(hostileNumber),
  cpuSeconds: fc.option(hostileNumber),
  endedAtMs: hostileNumber,
});

describe('whatever it is taught', () => {
  it('answers finite positive seconds, quantiles that never cross, and a probability', () => {
    fc.assert(
      fc.property(fc.array(hostileObservation, { maxLength: 120 }), hostileObservation, (seen, subject) => {
        const { forecast, quantileSeconds, failureProbability, usage } = taught(seen).outlook(subject);
        const quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99].map(quantileSeconds);
        for (const quantile of quantiles) expect(Number.isFinite(quantile) && quantile > 0).toBe(true);
        expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
        expect(forecast.p50Seconds).toBeLessThanOrEqual(forecast.p90Seconds);
        expect(failureProbability).toBeGreaterThan(0);
        expect(failureProbability).toBeLessThan(1);
        for (const amount of Object.values(usage))
          expect(amount === null || Number.isFinite(amount)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('counts the rows that it doubts', () => {
    const forecaster = aForecaster();
    for (const runtimeSeconds of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e300, 10]) {
      forecaster.observe(anObservation({ runtimeSeconds }));
    }
    forecaster.observe(anObservation({ features: { a: Number.NaN, b: 1e300, c: 1, d: 'text' } }));
    expect(forecaster.counts).toEqual({ observations: 7, doubtfulRuntimes: 5, doubtfulFeatures: 2 });
  });

  it('learns the same from the same observations in the same order, to the byte', () => {
    const random = numbers(3);
    const seen = observations(
      400,
      (_, chance) => 1 + 100 * chance,
      (i, chance) => ({
        task: `task-${i % 5}`,
        outcome: chance < 0.1 ? 'failed' : chance < 0.15 ? 'preempted' : 'succeeded',
        features: { size: random() * 1e6, kind: `kind-${i % 3}` },
      }),
    );
    expect(taught(seen).serialize()).toBe(taught(seen).serialize());
    expect(taught(seen).version).toBe('4.400');
  });

  it('gives another state for another order', () => {
    const seen = observations(100, (_, chance) => 1 + chance);
    expect(taught(seen.toReversed()).serialize()).not.toBe(taught(seen).serialize());
  });

  it('stays within the range of the prior while there is nothing to go by', () => {
    fc.assert(
      fc.property(hostileObservation, fc.double({ min: 0.5, max: 0.9, noNaN: true }), (subject, q) => {
        const { quantileSeconds } = aForecaster().outlook({ ...subject, features: {} });
        expect(quantileSeconds(q)).toBeGreaterThanOrEqual(PRIOR.p50Seconds);
        expect(quantileSeconds(q)).toBeLessThanOrEqual(PRIOR.p90Seconds * 1.000001);
      }),
    );
  });
});

describe('awkward features', () => {
  const usual = (features: (i: number) => Observation['features']) =>
    taught(
      observations(
        300,
        (_, chance) => 10 + chance,
        (i) => ({ features: features(i) }),
      ),
    );

  it.each([
    ['a text that never repeats', (i: number) => ({ note: `text-${i}` })],
    ['a constant', () => ({ constant: 3 })],
    ['one that is often missing', (i: number): Observation['features'] => (i % 3 === 0 ? { rare: i } : {})],
    ['one of 1e300', (i: number) => ({ huge: i % 2 === 0 ? 1e300 : -1e300 })],
    ['one that is a number at times', (i: number) => ({ mixed: i % 2 === 0 ? i : `text ${i}` })],
  ] as const)('%s does no harm', (_, features) => {
    const forecaster = usual(features);
    const { p50Seconds, p90Seconds } = forecaster.predict(
      anObservation({ features: { ...features(1), new: 'x' } }),
    );
    expect(p50Seconds).toBeGreaterThan(9);
    expect(p90Seconds).toBeLessThan(15);
  });

  it('more names than it has columns for are ignored past the last', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`feature-${i}`, i]));
    const { p50Seconds } = usual(() => many).predict(anObservation({ features: many }));
    expect(p50Seconds).toBeCloseTo(10.5, 0);
  });

  it('a clock that jumps back and forth does no harm', () => {
    const seen = observations(
      200,
      (_, chance) => 10 + chance,
      (i) => ({
        endedAtMs: i % 7 === 0 ? -1e15 : i % 5 === 0 ? 1e15 : i * 1000,
      }),
    );
    expect(taught(seen).predict(anObservation()).p50Seconds).toBeCloseTo(10.5, 0);
  });
});
