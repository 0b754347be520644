import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemandForecaster } from '../../src/forecast/index.js';
import { numbers } from './support.js';

const HOUR = 3_600_000;
const WEEK = 168;

/** Weeks of arrivals: a hundred times as much work from 9 to 17 as at night. */
const weeks = (count: number) => {
  const random = numbers(5);
  const forecaster = createDemandForecaster();
  const workAt = (hour: number) => (hour % 24 >= 9 && hour % 24 < 17 ? 1000 : 10) * (0.5 + random());
  for (let hour = 0; hour < count * WEEK; hour += 1) {
    forecaster.observe({ pool: 'gpu', atMs: hour * HOUR, deviceSeconds: workAt(hour) });
  }
  return { forecaster, workAt, nowMs: count * WEEK * HOUR };
};

describe('the demand of a pool', () => {
  it('follows the hour of the week', () => {
    const { forecaster, nowMs } = weeks(4);
    const at = (hour: number) => forecaster.predict('gpu', nowMs + hour * HOUR, 3600).deviceSeconds;
    expect(at(12)).toBeGreaterThan(600);
    expect(at(3)).toBeLessThan(100);
  });

  it('adds up over the hours asked for, and a part of an hour is a part of its work', () => {
    const { forecaster, nowMs } = weeks(4);
    const noon = nowMs + 12 * HOUR;
    const hour = forecaster.predict('gpu', noon, 3600).deviceSeconds;
    expect(forecaster.predict('gpu', noon, 1800).deviceSeconds).toBeCloseTo(hour / 2, 6);
    expect(forecaster.predict('gpu', noon, 3 * 3600).deviceSeconds).toBeGreaterThan(2 * hour);
  });

  it('holds what comes within its interval nine times in ten, about', () => {
    const { forecaster, workAt, nowMs } = weeks(4);
    let held = 0;
    for (let hour = 0; hour < 2 * WEEK; hour += 1) {
      const work = workAt(hour);
      const { low, high } = forecaster.predict('gpu', nowMs + hour * HOUR, 3600);
      if (work >= low && work <= high) held += 1;
      forecaster.observe({ pool: 'gpu', atMs: nowMs + hour * HOUR, deviceSeconds: work });
    }
    expect(held / (2 * WEEK)).toBeGreaterThan(0.82);
  });

  it('rises with a burst and forgets it again', () => {
    const { forecaster, nowMs } = weeks(4);
    const before = forecaster.predict('gpu', nowMs + 11 * HOUR, 3600).deviceSeconds;
    for (let hour = 0; hour <= 10; hour += 1) {
      forecaster.observe({ pool: 'gpu', atMs: nowMs + hour * HOUR, deviceSeconds: 5000 });
    }
    const during = forecaster.predict('gpu', nowMs + 11 * HOUR, 3600).deviceSeconds;
    const nextDay = forecaster.predict('gpu', nowMs + 11 * HOUR, 24 * 3600).deviceSeconds / 24;
    expect(during).toBeGreaterThan(2 * before);
    expect(nextDay).toBeLessThan(during);
  });

  it('falls where an arrival of no work tells that it has been quiet, and comes back', () => {
    const { forecaster, nowMs } = weeks(4);
    const noon = (day: number) =>
      forecaster.predict('gpu', nowMs + (24 * day + 12) * HOUR, 3600).deviceSeconds;
    const before = noon(0);
    forecaster.observe({ pool: 'gpu', atMs: nowMs + 12 * HOUR, deviceSeconds: 0 });
    expect(noon(0)).toBeLessThan(before / 2);
    expect(noon(2)).toBeGreaterThan(before / 2);
  });

  it('of a pool never seen is nothing, and says so', () => {
    expect(createDemandForecaster().predict('gpu', 0, 3600)).toEqual({
      deviceSeconds: 0,
      low: 0,
      high: 0,
      hours: 0,
    });
  });

  it('stays finite and in order whatever arrives', () => {
    const arrival = fc.record({
      pool: fc.constantFrom('gpu', 'cpu'),
      atMs: fc.oneof(fc.double(), fc.integer({ min: 0, max: 10 * WEEK * HOUR })),
      deviceSeconds: fc.double(),
    });
    fc.assert(
      fc.property(fc.array(arrival), fc.double(), fc.double(), (arrivals, nowMs, seconds) => {
        const forecaster = createDemandForecaster();
        for (const one of arrivals) forecaster.observe(one);
        const { deviceSeconds, low, high } = forecaster.predict('gpu', nowMs, seconds);
        for (const amount of [deviceSeconds, low, high]) expect(amount).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(high)).toBe(true);
        expect(low).toBeLessThanOrEqual(deviceSeconds);
        expect(deviceSeconds).toBeLessThanOrEqual(high);
      }),
    );
  });
});
