import { describe, expect, it } from 'vitest';
import { aWorkload, foresight, share, shipped } from './foresight.js';

describe('What is forecast of a run at its submission', () => {
  // The figures for more policies and loads stand in docs/deadlines.md.
  it.each([
    ['default', 0.8],
    ['fifo', 0.8],
  ])('holds about as often as it says (%s, load %d)', (name, load) => {
    const all = foresight(shipped(name), aWorkload(800, load, 7)).slice(200);
    const finished = (quantile: 'p50' | 'p90') =>
      share(all, ({ record, forecast }) => record.endAtMs <= forecast.finishAtMs[quantile]);
    expect(finished('p50')).toBeGreaterThan(0.4);
    expect(finished('p50')).toBeLessThan(0.65);
    expect(finished('p90')).toBeGreaterThan(0.82);
    expect(finished('p90')).toBeLessThan(0.98);
  });

  it('leaves the simulation as it was', () => {
    const runs = aWorkload(200, 0.8, 3);
    const ends = (all: ReturnType<typeof foresight>) => all.map(({ record }) => record.endAtMs);
    expect(ends(foresight(shipped('default'), runs))).toEqual(
      ends(foresight(shipped('default'), runs, false)),
    );
  });
});
