import { describe, expect, it } from 'vitest';
import type { Held } from '../../src/planner/index.js';
import { AT, aCluster, aLease, aNode, aPolicy, aTask, cycleOf, deferralOf, granted } from './builders.js';

const nodes = [aNode('n', { devices: 4 })];
const HOUR = 3_600_000;
const heldTask = (...holds: readonly Held[]) => aTask('t', 1, { devices: 1 }, { holds });
const hold = (over: Partial<Held> = {}): Held => ({
  code: 'held',
  detail: 'ops: the rack moves',
  fromMs: AT - HOUR,
  untilMs: AT + HOUR,
  ...over,
});

describe('Hold', () => {
  it('holds a task back until its hold is over, with the time and the reason', () => {
    const content = { nodes, waiting: [heldTask(hold())] };
    expect(granted(content)).toEqual([]);
    expect(deferralOf('t', content)).toMatchObject({
      blockers: [{ code: 'held', detail: 'ops: the rack moves' }],
      etaP50Ms: AT + HOUR,
      heldUntilMs: AT + HOUR,
    });
  });

  it('lets it go where the hold is over, or has not begun', () => {
    expect(granted({ nodes, waiting: [heldTask(hold({ untilMs: AT }))] })).toEqual(['t@n']);
    expect(granted({ nodes, waiting: [heldTask(hold({ fromMs: AT + 1 }))] })).toEqual(['t@n']);
  });

  it('has no estimate for a hold without an end', () => {
    expect(deferralOf('t', { nodes, waiting: [heldTask(hold({ untilMs: null }))] })).toMatchObject({
      etaP50Ms: null,
      etaP90Ms: null,
      heldUntilMs: null,
    });
  });

  it('names every hold, and is over with the last', () => {
    const window = hold({ code: 'window-closed', detail: 'cheap hours', untilMs: AT + 2 * HOUR });
    expect(deferralOf('t', { nodes, waiting: [heldTask(hold(), window)] })).toMatchObject({
      blockers: [{ code: 'held' }, { code: 'window-closed' }],
      etaP50Ms: AT + 2 * HOUR,
      heldUntilMs: AT + 2 * HOUR,
    });
  });

  it('keeps no room for a task that may not go: those behind it go ahead', () => {
    const held = { ...heldTask(hold()), priorityClass: 'critical' as const };
    const waiting = [held, aTask('whole', 2, { devices: 4 })];
    expect(granted({ nodes, waiting })).toEqual(['whole@n']);
  });

  it('waits for a named limit, until who holds it is expected to end', () => {
    const policy = aPolicy({ limits: { warehouse: 2 } });
    const warehouse = { placement: { limits: { warehouse: 1 } } };
    const leases = [
      aLease('x', 'n', { devices: 1 }, 100, warehouse),
      aLease('y', 'n', { devices: 1 }, 300, { ...warehouse, devices: [1] }),
    ];
    const content = { nodes, leases, waiting: [aTask('t', 1, { devices: 1 }, warehouse)] };
    expect(granted(content, policy)).toEqual([]);
    expect(deferralOf('t', content, policy)).toMatchObject({
      blockers: [{ code: 'limit-reached', detail: 'warehouse: 2 of 2 in use, it needs 1' }],
      etaP50Ms: AT + 100_000,
    });
    const more = aTask('u', 2, { devices: 1 }, { placement: { limits: { warehouse: 2 } } });
    const behind = { ...content, waiting: [...content.waiting, more] };
    expect(deferralOf('u', behind, policy)?.etaP50Ms).toBe(AT + 300_000);
    const never = { ...more, placement: { ...more.placement, limits: { warehouse: 3 } } };
    expect(deferralOf('u', { ...content, waiting: [never] }, policy)?.etaP50Ms).toBeNull();
  });

  it('waits for a tenant’s budget by what the task may cost at its P90', () => {
    const policy = aPolicy({ budgets: { research: { usdPerDay: 1 } } });
    // A device for 200 s at 3.60 USD an hour: 0.20 USD.
    const waiting = [aTask('t', 1), aTask('u', 2)];
    const spend = (usd: number) => {
      const cluster = aCluster({ nodes, waiting }, policy);
      cluster.setSpent('research', { dayMicroUsd: usd * 1e6, monthMicroUsd: usd * 1e6 });
      return cycleOf(cluster, waiting, policy);
    };
    expect(spend(0.6).grants).toHaveLength(2);
    expect(spend(0.7).grants).toHaveLength(1);
    expect(spend(0.9)).toMatchObject({
      grants: [],
      deferrals: [
        {
          blockers: [
            { code: 'budget-exhausted', detail: expect.stringContaining('0.10 USD of 1.00 USD left') },
          ],
        },
        {},
      ],
    });
    // AT is 2027-01-15, 08:00 UTC.
    expect(spend(0.9).deferrals[0]?.etaP50Ms).toBe(Date.UTC(2027, 0, 16));
  });

  it('waits for the month where the month’s budget is spent, and for ever where a task costs more than all of it', () => {
    const budget = (usdPerMonth: number) => aPolicy({ budgets: { research: { usdPerMonth } } });
    const waiting = [aTask('t', 1)];
    const eta = (policy: ReturnType<typeof budget>) => {
      const cluster = aCluster({ nodes, waiting }, policy);
      cluster.setSpent('research', { dayMicroUsd: 0, monthMicroUsd: 0.9e6 });
      return cycleOf(cluster, waiting, policy).deferrals[0]?.etaP50Ms;
    };
    expect(eta(budget(1))).toBe(Date.UTC(2027, 1, 1));
    expect(eta(budget(0.19))).toBeNull();
  });
});
