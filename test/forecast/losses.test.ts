import { describe, expect, it } from 'vitest';
import { aForecaster, anObservation } from './support.js';

const SUBJECT = { pipeline: 'nightly', task: 'train', pool: 'gpu' };

describe('What a preemption costs', () => {
  const shareAfter = (shares: readonly number[], unsafeSeconds = 100) => {
    const forecaster = aForecaster();
    for (const share of shares)
      forecaster.observe(
        anObservation({ outcome: 'preempted', unsafeSeconds, lostSeconds: share * unsafeSeconds }),
      );
    return forecaster.lossShare(SUBJECT);
  };

  it('is taken to be all that is not kept, until tasks have given way', () => {
    expect(shareAfter([])).toBe(1);
  });

  it('falls with each attempt that saved its work when it was asked to leave', () => {
    expect(shareAfter([0])).toBe(0.5);
    expect(shareAfter([0, 0, 0])).toBe(0.25);
    expect(shareAfter([1, 1, 1])).toBe(1);
  });

  it('is not learned from moments, from other outcomes, nor from other tasks', () => {
    expect(shareAfter([0, 0, 0], 2)).toBe(1);
    const forecaster = aForecaster();
    forecaster.observe(anObservation({ outcome: 'failed', unsafeSeconds: 100, lostSeconds: 0 }));
    forecaster.observe(
      anObservation({ outcome: 'preempted', task: 'other', unsafeSeconds: 100, lostSeconds: 0 }),
    );
    expect(forecaster.lossShare(SUBJECT)).toBe(1);
  });

  it('forgets old habits', () => {
    expect(shareAfter([...Array(20).fill(0), ...Array(20).fill(1)])).toBe(1);
  });
});
