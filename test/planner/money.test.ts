import { describe, expect, it } from 'vitest';
import type { Spending } from '../../src/planner/index.js';
import { AT, aCluster, aLease, aNode, aPolicy, aTask, cycleOf, deferralOf, granted } from './builders.js';

const nodes = [aNode('n', { devices: 4, cores: 8 })];

describe('A quota', () => {
  const policy = aPolicy({ quotas: { research: { devices: 2, cores: 4 } } });

  it('bounds what a tenant holds at once, what the same cycle starts included', () => {
    const waiting = [
      aTask('a', 1),
      aTask('b', 2),
      aTask('c', 3),
      aTask('d', 4, undefined, { tenant: 'other' }),
    ];
    expect(granted({ nodes, waiting }, policy)).toEqual(['a@n', 'b@n', 'd@n']);
  });

  it('is told with what the tenant holds, and until when', () => {
    const leases = [
      aLease('x', 'n', { devices: 1 }, 100),
      aLease('y', 'n', { devices: 1 }, 300, { devices: [1] }),
    ];
    const content = { nodes, leases, waiting: [aTask('t', 1), aTask('u', 2, { devices: 2 })] };
    expect(deferralOf('t', content, policy)).toMatchObject({
      blockers: [
        {
          code: 'quota-reached',
          detail: 'research holds 2 devices of the 2 that it may hold at once, it needs 1',
        },
      ],
      etaP50Ms: AT + 100_000,
    });
    expect(deferralOf('u', content, policy)?.etaP50Ms).toBe(AT + 300_000);
  });

  it('counts other tenants’ work for nothing, and holds for ever what asks for more than all of it', () => {
    const leases = [aLease('x', 'n', { devices: 2 }, 100, { tenant: 'other' })];
    expect(granted({ nodes, leases, waiting: [aTask('t', 1, { devices: 2 })] }, policy)).toEqual(['t@n']);
    expect(deferralOf('t', { nodes, waiting: [aTask('t', 1, { cores: 5 })] }, policy)).toMatchObject({
      blockers: [{ code: 'quota-reached' }],
      etaP50Ms: null,
    });
  });

  it('is the largest place’s that a task lists', () => {
    const [first] = aTask('t', 1, { devices: 1 }).options;
    const other = aTask('t', 1, { pool: 'cpu', cores: 8 }).options[0];
    const waiting = [aTask('t', 1, {}, { options: [first, other] })];
    expect(granted({ nodes, waiting }, policy)).toEqual([]);
  });
});

describe('The breaker over all tenants', () => {
  // A device for 200 s at 3.60 USD an hour: 0.20 USD.
  const waiting = [aTask('a', 1), aTask('b', 2, undefined, { tenant: 'other' }), aTask('c', 3)];
  const spending = (hourUsd: number, openedAtUsd: number | null = null): Spending => ({
    hour: {
      microUsd: hourUsd * 1e6,
      openedAtMicroUsd: openedAtUsd === null ? null : openedAtUsd * 1e6,
    },
    day: { microUsd: hourUsd * 1e6, openedAtMicroUsd: null },
  });
  const cycleAfter = (spent: Spending, bounds: object, tasks = waiting) => {
    const policy = aPolicy({ spending: bounds });
    const cluster = aCluster({ nodes, waiting: tasks }, policy);
    cluster.setSpending(spent);
    return cycleOf(cluster, tasks, policy);
  };

  it('lets work start until the limit is reached, and then nothing more, whoever asks', () => {
    expect(cycleAfter(spending(0.6), { usdPerHour: 1 }).grants).toHaveLength(2);
    expect(cycleAfter(spending(0.99), { usdPerHour: 1 }).grants).toHaveLength(1);
    const { grants, deferrals } = cycleAfter(spending(1), { usdPerHour: 1 });
    expect(grants).toEqual([]);
    expect(deferrals[0]).toMatchObject({
      blockers: [
        {
          code: 'spending-stopped',
          detail:
            'all tenants together have reached the 1.00 USD that they may spend in this hour (1.00 USD so far); nothing more starts before 2027-01-15 09:00 UTC',
        },
      ],
      etaP50Ms: Date.UTC(2027, 0, 15, 9),
    });
  });

  it('stays open though work cost less in the end, until the period ends or a policy raises the limit', () => {
    expect(cycleAfter(spending(0.2, 1), { usdPerHour: 1 }).grants).toEqual([]);
    expect(cycleAfter(spending(0.2, 1), { usdPerHour: 1.1 }).grants).toHaveLength(3);
    expect(cycleAfter(spending(0.2, 1), { usdPerDay: 1 }).grants).toHaveLength(3);
  });

  it('holds until the next day where the day’s limit is reached', () => {
    const { deferrals } = cycleAfter(spending(5), { usdPerDay: 5 });
    expect(deferrals[0]?.etaP50Ms).toBe(Date.UTC(2027, 0, 16));
  });

  it('lets go what the policy exempts, and what costs nothing', () => {
    const urgent = aTask('u', 1, undefined, { priorityClass: 'critical' });
    const free = aTask('f', 2, { memoryBytes: 1 });
    const { grants } = cycleAfter(spending(1), { usdPerHour: 1, exempt: ['critical'] }, [
      urgent,
      free,
      aTask('t', 3),
    ]);
    expect(grants.map(({ id }) => id)).toEqual([urgent.id, free.id]);
  });
});
