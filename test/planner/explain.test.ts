import { describe, expect, it } from 'vitest';
import { AT, aForecast, aLease, aNode, aPolicy, aTask, cycle, deferralOf } from './builders.js';

const one = [aNode('n', { devices: 1 })];
const leases = [aLease('x', 'n', { devices: 1 }, 50)];

describe('Explain', () => {
  it('says when each will start: after those before it, by their forecasts', () => {
    const content = { nodes: one, leases, waiting: [aTask('t', 1), aTask('u', 2)] };
    expect(deferralOf('t', content)).toMatchObject({
      position: 1,
      etaP50Ms: AT + 50_000,
      etaP90Ms: AT + 50_000,
      blockers: [
        {
          code: 'no-capacity',
          detail: 'n has 0 devices free of 1 device; held by run-x/x (about 50 s more)',
        },
      ],
    });
    expect(deferralOf('u', content)).toMatchObject({
      position: 2,
      etaP50Ms: AT + 150_000,
      etaP90Ms: AT + 250_000,
      blockers: [{ code: 'no-capacity' }, { code: 'behind-queue' }],
    });
  });

  it('gives an interval that grows with what is not known of those who run', () => {
    const unsure = [aLease('x', 'n', { devices: 1 }, 50, { p90Seconds: 600 })];
    const { etaP50Ms, etaP90Ms } =
      deferralOf('t', { nodes: one, leases: unsure, waiting: [aTask('t', 1)] }) ?? {};
    expect(etaP50Ms).toBe(AT + 50_000);
    expect(etaP90Ms).toBeGreaterThan(AT + 500_000);
  });

  it('names every blocker, not the first only', () => {
    const policy = aPolicy({ limits: { warehouse: 1 }, budgets: { research: { usdPerDay: 0.1 } } });
    const warehouse = { placement: { limits: { warehouse: 1 } } };
    const held = { code: 'held' as const, detail: 'wait', fromMs: 0, untilMs: AT + 1_000 };
    const content = {
      nodes: one,
      leases: [aLease('x', 'n', { devices: 1 }, 50, warehouse)],
      waiting: [aTask('first', 1), aTask('t', 2, { devices: 1 }, { ...warehouse, holds: [held] })],
    };
    expect(deferralOf('t', content, policy)?.blockers.map(({ code }) => code)).toEqual([
      'held',
      'limit-reached',
      'budget-exhausted',
      'no-capacity',
      'behind-queue',
    ]);
  });

  it('says of each node what it is short of', () => {
    const nodes = [aNode('a', { devices: 2, cores: 4 }), aNode('b', { devices: 2, cores: 4 })];
    const busy = [aLease('x', 'a', { devices: 1, cores: 4 }, 50), aLease('y', 'b', { devices: 2 }, 80)];
    const content = { nodes, leases: busy, waiting: [aTask('t', 1, { devices: 2, cores: 2 })] };
    expect(deferralOf('t', content)?.blockers.map(({ detail }) => detail)).toEqual([
      'a has 1 device free of 2 devices, 0 cores free of 4 cores; held by run-x/x (about 50 s more)',
      'b has 0 devices free of 2 devices; held by run-y/y (about 80 s more)',
    ]);
  });

  it('waits with a reason where no live node could hold a task', () => {
    const nodes = [aNode('n', { devices: 4 }, { state: 'draining' }), aNode('m')];
    expect(deferralOf('t', { nodes, waiting: [aTask('t', 1, { devices: 4 })] })).toMatchObject({
      blockers: [{ code: 'no-node', detail: 'no live gpu node has 4 devices' }],
      etaP50Ms: null,
      etaP90Ms: null,
    });
    expect(deferralOf('t', { waiting: [aTask('t', 1)] })?.blockers).toEqual([
      { code: 'no-node', detail: 'no gpu node is connected and taking work' },
    ]);
  });

  it('names the head of the queue, and for whom room is kept', () => {
    const nodes = [aNode('n', { devices: 2 })];
    const content = {
      nodes,
      leases,
      waiting: [
        aTask('wide', 1, { devices: 2 }, { priorityClass: 'high' }),
        aTask('t', 2, { devices: 1 }, { forecast: aForecast(100, 200) }),
      ],
    };
    expect(deferralOf('t', content)?.blockers).toEqual([
      {
        code: 'behind-queue',
        detail: '1 task stands before it, first run-wide/wide (high); room is kept for run-wide/wide (high)',
      },
    ]);
  });

  it('speaks of those far behind in one sentence, at the rate at which the head moves', () => {
    const waiting = Array.from({ length: 250 }, (_, index) =>
      aTask(`t${index + 1}`, index + 1, { devices: 1 }, { seconds: 100 }),
    );
    const far = deferralOf('t250', { nodes: one, leases, waiting });
    expect(far?.position).toBe(250);
    expect(far?.blockers).toEqual([
      {
        code: 'behind-queue',
        detail: expect.stringMatching(/^249 tasks stand before it, first run-t1.t1 .normal./),
      },
    ]);
    // The 50th starts after 50 s and 49 times 100 s.
    expect(far?.etaP50Ms).toBe(Math.round(AT + (4_950_000 * 250) / 50));
  });

  it('is asked for: who is not asked about simply waits', () => {
    const content = { nodes: one, leases, waiting: [aTask('t', 1)] };
    expect(cycle({ ...content, waiting: [] }).deferrals).toEqual([]);
  });

  it('explains a task that lists several pools once, in the one that it prefers', () => {
    const options = [
      { request: { pool: 'gpu' as const, devices: 1, cores: 0, memoryBytes: 0, slots: 0 }, speed: 2 },
      { request: { pool: 'cpu' as const, devices: 0, cores: 8, memoryBytes: 0, slots: 0 }, speed: 1 },
    ] as const;
    const nodes = [...one, aNode('c', { devices: 0 }, { pool: 'cpu' })];
    const busy = [...leases, aLease('y', 'c', { cores: 8 }, 90, { pool: 'cpu' })];
    const { deferrals } = cycle({ nodes, leases: busy, waiting: [aTask('t', 1, {}, { options })] });
    expect(deferrals).toMatchObject([{ etaP50Ms: AT + 50_000 }]);
  });
});
