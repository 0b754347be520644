import { describe, expect, it } from 'vitest';
import { scoreFailures, scoreRuntimes } from '../../src/forecast/metrics.js';

const row = (actual: number, p50: number) => ({ actual, p50, p90: p50 * 2, low: p50 / 2, high: p50 * 3 });

describe('the scores', () => {
  it('of perfect runtime forecasts are perfect', () => {
    const scores = scoreRuntimes([row(1, 1), row(10, 10), row(100, 100)]);
    expect(scores).toEqual({
      n: 3,
      maeSeconds: 0,
      medianAeSeconds: 0,
      r2Log: 1,
      spearman: 1,
      coverage90: 1,
      p90Coverage: 1,
      intervalRatio: 6,
    });
  });

  it('of runtime forecasts are what a hand comes to', () => {
    const scores = scoreRuntimes([row(1, 2), row(4, 2), row(7, 2), row(2, 2)]);
    expect(scores).toMatchObject({
      n: 4,
      maeSeconds: 2,
      medianAeSeconds: 1.5,
      coverage90: 0.75,
      p90Coverage: 0.75,
    });
    expect(scores.spearman).toBeNull();
    expect(scores.r2Log).toBeLessThan(0);
  });

  it('are null where there is nothing to say', () => {
    expect(scoreRuntimes([])).toMatchObject({ n: 0, maeSeconds: null, r2Log: null, coverage90: null });
    expect(scoreFailures([])).toEqual({ auc: null, averagePrecision: null, brier: null });
    expect(scoreFailures([{ probability: 0.5, failed: false }])).toMatchObject({ auc: null, brier: 0.25 });
  });

  it('of failure forecasts count ties as half right', () => {
    const rows = [
      { probability: 0.9, failed: true },
      { probability: 0.5, failed: false },
      { probability: 0.5, failed: true },
      { probability: 0.1, failed: false },
    ];
    const { auc, averagePrecision } = scoreFailures(rows);
    expect(auc).toBe(0.875);
    expect(averagePrecision).toBeCloseTo((1 + 2 / 3) / 2);
  });
});
