import { describe, expect, it } from 'vitest';
import { MemoryTrend } from '../../activities/tasks/process/memory-trend.js';

const LIMIT = 1_000;
/** Looks every quarter of a second, as a meter takes them. */
const trendOf = (looks: readonly number[]) => {
  const trend = new MemoryTrend(LIMIT);
  for (const [index, bytes] of looks.entries()) trend.add(index * 250, bytes);
  return trend.fullInSeconds();
};
const growing = (from: number, to: number, looks: number) =>
  Array.from({ length: looks }, (_, index) => from + ((to - from) * index) / (looks - 1));

describe('A trend of memory', () => {
  it('says when growth reaches the limit', () => {
    expect(trendOf(growing(600, 900, 31))).toBeCloseTo(2.5, 1);
  });

  it('is not turned by a child that came and went', () => {
    const looks = growing(600, 900, 31).map((bytes, index) => (index % 10 === 3 ? bytes + 90 : bytes));
    expect(trendOf(looks)).toBeCloseTo(2.5, 1);
  });

  const quiet = [
    { title: 'is far from the limit', looks: growing(100, 700, 31) },
    { title: 'does not grow', looks: growing(900, 900, 31) },
    { title: 'shrinks', looks: growing(950, 850, 31) },
    { title: 'has hardly been looked at', looks: growing(100, 900, 6) },
    { title: 'grew long ago', looks: [...growing(100, 900, 31), ...growing(900, 900, 41)] },
  ];
  it.each(quiet)('says nothing of what $title', ({ looks }) => {
    expect(trendOf(looks)).toBeNull();
  });
});
