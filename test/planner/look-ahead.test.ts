import { describe, expect, it } from 'vitest';
import type { WaitingTask } from '../../src/planner/index.js';
import { AT, aNode, aPolicy, aTask, granted } from './builders.js';

const nodes = [aNode('n', { devices: 1 })];
const HELD = { code: 'held', detail: 'ann holds it', fromMs: 0, untilMs: null } as const;
const many = (count: number, over: Partial<WaitingTask>): WaitingTask[] =>
  Array.from({ length: count }, (_, index) => aTask(`held-${index}`, 1, { devices: 1 }, over));

describe('Those who may not start', () => {
  const lookAhead = 10;
  const free = aTask('free', 2, { devices: 1 }, { tenant: 'b', priorityClass: 'low' });

  it.each([
    ['of a higher class', { priorityClass: 'high' }, { order: ['class'] }],
    ['of the same tenant', { tenant: 'b', priorityClass: 'low' }, { order: ['class', 'share'] }],
    [
      'that are overdue',
      { priorityClass: 'low', rank: { ...free.rank, dueAtMs: AT - 1 } },
      { order: ['class', 'size'], size: { bound: 1 } },
    ],
  ] as const)('%s, as many as there may be, keep nobody from what is free', (_, over, policy) => {
    const waiting = [...many(50, { ...over, holds: [HELD] }), free];
    expect(granted({ nodes, waiting }, aPolicy({ ...policy, lookAhead }))).toEqual(['free@n']);
  });

  it('for want of money keep nobody else from what is free', () => {
    const policy = aPolicy({ order: ['class'], lookAhead, budgets: { a: { usdPerDay: 0.000001 } } });
    const waiting = [...many(50, { tenant: 'a', priorityClass: 'high' }), free];
    expect(granted({ nodes, waiting }, policy)).toEqual(['free@n']);
  });

  it('are looked at up to a bound, so that a cycle costs the same however many there are', () => {
    const waiting = [...many(lookAhead * 30, { priorityClass: 'high', holds: [HELD] }), free];
    expect(granted({ nodes, waiting }, aPolicy({ order: ['class'], lookAhead }))).toEqual([]);
  });
});
