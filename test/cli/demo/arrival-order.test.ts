import { expect, it } from 'vitest';
import { waitInArrivalOrderMs } from '../../../src/cli/demo/arrival-order.js';

const task = (readyAtMs: number, ranMs: number) => ({ readyAtMs, ranMs });

it('lets a late task wait for all that came before it', () => {
  const late = task(1_500, 100);
  const before = [task(1_000, 4_000), task(1_000, 6_000), task(1_000, 4_000), task(1_000, 4_000)];
  // Two devices: free at 5,000 and 7,000, then the third runs to 9,000 and the fourth to 11,000.
  expect(waitInArrivalOrderMs([late, ...before], late, 2)).toBe(9_000 - 1_500);
});

it('lets nobody wait who finds a device free', () => {
  const late = task(6_000, 100);
  expect(waitInArrivalOrderMs([task(1_000, 4_000), late, task(6_000, 50)], late, 2)).toBe(0);
  expect(waitInArrivalOrderMs([task(1_000, 4_000), late], late, 1)).toBe(0);
});

it('lets a task that came later not count', () => {
  const early = task(0, 100);
  expect(waitInArrivalOrderMs([task(1, 9_000), early], early, 1)).toBe(0);
});
