import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeId, PRIORITY_CLASSES, RESOURCE_KINDS } from '../../src/domain/index.js';
import { AT, aForecast, aLease, aNode, aPool, aTask, cycle, FIFO, granted } from './builders.js';

const PAUSED = { code: 'run-paused', detail: 'its run is paused', fromMs: 0, untilMs: null } as const;

describe('A cycle', () => {
  it('serves the more urgent class first, then the earlier arrival', () => {
    const waiting = [
      aTask('late', 3),
      aTask('early', 2),
      aTask('low', 1, { devices: 1 }, { priorityClass: 'low' }),
      aTask('urgent', 4, { devices: 1 }, { priorityClass: 'critical' }),
    ];
    expect(granted(aPool({ nodes: [aNode('n', { devices: 3 })], waiting }))).toEqual([
      'urgent@n',
      'early@n',
      'late@n',
    ]);
    expect(granted(aPool({ nodes: [aNode('n', { devices: 1 })], waiting }), FIFO)).toEqual(['low@n']);
  });

  it('records whom a grant went before, and why', () => {
    const low = aTask('low', 1, { devices: 2 }, { priorityClass: 'low' });
    const urgent = aTask('urgent', 2, { devices: 2 }, { priorityClass: 'critical' });
    const [grant] = cycle(aPool({ nodes: [aNode('n')], waiting: [low, urgent] })).grants;
    expect(grant?.wentBefore).toMatchObject([{ taskKey: 'low', because: 'class' }]);
  });

  it('places work where it leaves least unused', () => {
    const nodes = [aNode('large', { devices: 4 }), aNode('small', { devices: 1 })];
    expect(granted(aPool({ nodes, waiting: [aTask('t', 1)] }))).toEqual(['t@small']);
  });

  it('avoids a node that failed the task while another could ever hold it', () => {
    const nodes = [aNode('bad'), aNode('good')];
    const suspect = { suspectNodes: [nodeId('bad')] };
    const waiting = [aTask('t', 1, { devices: 1 }, suspect)];
    expect(granted(aPool({ nodes, waiting }))).toEqual(['t@good']);
    expect(granted(aPool({ nodes: [aNode('bad')], waiting }))).toEqual(['t@bad']);
    const leases = [aLease('a', 'good', { devices: 2 }, 60)];
    expect(cycle(aPool({ nodes, leases, waiting })).deferrals[0]?.blockers.map(({ code }) => code)).toEqual([
      'no-capacity',
      'node-suspect',
    ]);
  });

  it('does not let short work overtake a big task for ever: what it waits for is kept', () => {
    const nodes = [aNode('n', { devices: 4 })];
    const leases = [aLease('a', 'n', { devices: 2 }, 100)];
    const big = aTask('big', 1, { devices: 4 });
    const small = (seconds: number) => aTask('small', 2, { devices: 1 }, { forecast: aForecast(seconds) });
    expect(granted(aPool({ nodes, leases, waiting: [big, small(101)] }))).toEqual([]);
    expect(granted(aPool({ nodes, leases, waiting: [big, small(100)] }))).toEqual(['small@n']);
  });

  it('lets later work go ahead where it needs nothing of what the blocked head waits for', () => {
    const nodes = [aNode('n', { devices: 2, cores: 8 }), aNode('m', { devices: 1 })];
    const leases = [aLease('a', 'n', { devices: 1 }, 100)];
    const head = aTask('head', 1, { devices: 2, cores: 2 });
    const cores = aTask('cores', 2, { cores: 6 });
    const other = aTask('other', 3, { devices: 1 });
    expect(granted(aPool({ nodes, leases, waiting: [head, cores, other] })).toSorted()).toEqual(
      ['cores@m', 'other@m'].toSorted(),
    );
  });

  it('gives bare slots without a node, as many as the live nodes have', () => {
    const nodes = [
      aNode('a', { devices: 0, slots: 2 }),
      aNode('gone', { devices: 0, slots: 9 }, { state: 'lost' }),
    ];
    const leases = [aLease('x', null, { slots: 1 }, 5)];
    const waiting = [aTask('t', 1, { slots: 1 }), aTask('u', 2, { slots: 1 })];
    const { grants, deferrals } = cycle(aPool({ nodes, leases, waiting }));
    expect(grants.map(({ nodeId: node }) => node)).toEqual([null]);
    expect(deferrals).toMatchObject([
      { position: 1, etaP50Ms: AT + 5_000, blockers: [{ code: 'no-capacity' }] },
    ]);
  });

  it('says when each will start: after those before it, by their forecasts', () => {
    const nodes = [aNode('n', { devices: 1 })];
    const leases = [aLease('a', 'n', { devices: 1 }, 50)];
    const waiting = [aTask('t', 1), aTask('u', 2)];
    const { deferrals } = cycle(aPool({ nodes, leases, waiting }));
    expect(deferrals).toMatchObject([
      { position: 1, etaP50Ms: AT + 50_000, etaP90Ms: AT + 100_000 },
      { position: 2, etaP50Ms: AT + 150_000, etaP90Ms: AT + 300_000 },
    ]);
    expect(deferrals[0]?.blockers[0]?.detail).toBe(
      'n has 0 devices free of 1 device; held by other/a (about 50 s more)',
    );
    expect(deferrals[1]?.blockers.map(({ code }) => code)).toEqual(['no-capacity', 'behind-queue']);
  });

  it('expects a lease that has outlived its forecast to need a while yet', () => {
    const nodes = [aNode('n', { devices: 1 })];
    const leases = [aLease('a', 'n', { devices: 1 }, -500, { grantedAtMs: AT - 1_000_000 })];
    expect(cycle(aPool({ nodes, leases, waiting: [aTask('t', 1)] })).deferrals[0]?.etaP50Ms).toBe(
      AT + 100_000,
    );
  });

  it('waits with a reason where no live node could hold a task, or its run is paused', () => {
    const draining = aNode('n', { devices: 4 }, { state: 'draining' });
    const big = cycle(aPool({ nodes: [draining, aNode('m')], waiting: [aTask('t', 1, { devices: 4 })] }));
    expect(big.deferrals).toMatchObject([
      { blockers: [{ code: 'no-node', detail: 'no live gpu node has 4 devices' }], etaP50Ms: null },
    ]);
    const paused = cycle(
      aPool({ nodes: [aNode('n')], waiting: [aTask('t', 1, { devices: 1 }, { holds: [PAUSED] })] }),
    );
    expect(paused.deferrals).toMatchObject([{ blockers: [{ code: 'run-paused' }], etaP50Ms: null }]);
  });
});

describe('Any cycle', () => {
  const amount = fc.record({
    devices: fc.nat(3),
    cores: fc.nat(6),
    memoryBytes: fc.nat(4),
    slots: fc.nat(2),
  });
  const pools = fc
    .record({
      capacities: fc.array(amount, { maxLength: 4 }),
      leases: fc.array(
        fc.record({ node: fc.nat(3), cores: fc.nat(2), ends: fc.integer({ min: -50, max: 500 }) }),
        { maxLength: 5 },
      ),
      tasks: fc.array(
        fc.record({
          request: amount,
          priorityClass: fc.constantFrom(...PRIORITY_CLASSES),
          paused: fc.boolean(),
          seconds: fc.integer({ min: 1, max: 900 }),
        }),
        { maxLength: 8 },
      ),
    })
    .map(({ capacities, leases, tasks }) =>
      aPool({
        nodes: capacities.map((capacity, index) =>
          aNode(`n${index}`, { ...capacity, cores: capacity.cores + 10 }),
        ),
        leases: leases
          .filter(({ node }) => node < capacities.length)
          .map(({ node, cores, ends }, index) => aLease(`l${index}`, `n${node}`, { cores }, ends)),
        waiting: tasks.map(({ request, priorityClass, paused, seconds }, index) =>
          aTask(`t${index}`, index, request, {
            priorityClass,
            holds: paused ? [PAUSED] : [],
            forecast: aForecast(seconds, seconds * 2),
          }),
        ),
      }),
    );

  it('never exceeds what a node has, nor gives a device twice', () => {
    fc.assert(
      fc.property(pools, (pool) => {
        const { grants } = cycle(pool);
        for (const node of pool.nodes) {
          const here = grants.filter((grant) => grant.nodeId === node.id);
          const used = (kind: (typeof RESOURCE_KINDS)[number]) =>
            [
              ...pool.leases
                .filter((lease) => lease.nodeId === node.id)
                .map(({ resources }) => resources[kind]),
              ...here.map(
                ({ id }) => pool.waiting.find((task) => task.id === id)?.options[0].request[kind] ?? 0,
              ),
            ].reduce((a, b) => a + b, 0);
          for (const kind of RESOURCE_KINDS) expect(used(kind)).toBeLessThanOrEqual(node.capacity[kind]);
          const devices = here.flatMap((grant) => grant.devices);
          expect(new Set(devices).size).toBe(devices.length);
        }
      }),
    );
  });

  it('gives the same plan for the same input, in whatever order it comes', () => {
    fc.assert(
      fc.property(pools, fc.infiniteStream(fc.nat()), (pool, keys) => {
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ value }) => value);
        const other = {
          ...pool,
          nodes: shuffled(pool.nodes),
          leases: shuffled(pool.leases),
          waiting: shuffled(pool.waiting),
        };
        expect(JSON.stringify(cycle(other))).toBe(JSON.stringify(cycle(pool)));
      }),
    );
  });

  it('says of every task that it goes or why it waits, with an interval that stands upright', () => {
    fc.assert(
      fc.property(pools, (pool) => {
        const { grants, deferrals } = cycle(pool);
        const ids = [...grants, ...deferrals].map(({ id }) => id);
        expect(ids.toSorted()).toEqual(pool.waiting.map(({ id }) => id).toSorted());
        for (const { blockers, etaP50Ms, etaP90Ms } of deferrals) {
          expect(blockers.length).toBeGreaterThan(0);
          expect(etaP50Ms === null).toBe(etaP90Ms === null);
          if (etaP50Ms !== null && etaP90Ms !== null) expect(etaP50Ms).toBeLessThanOrEqual(etaP90Ms);
        }
      }),
    );
  });
});
