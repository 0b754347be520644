import { describe, expect, it } from 'vitest';
import { runId } from '../../src/domain/index.js';
import { type Policy, PoolLoad, rankFor, type WaitingTask } from '../../src/planner/index.js';
import { AT, aCluster, aLease, aNode, aPolicy, aTask, cycle, cycleOf, granted } from './builders.js';

const one = [aNode('n', { devices: 1 })];
const four = [aNode('n', { devices: 4 })];
const SECOND = 1_000;

/** A load under which a policy’s bound of 1.5 comes to 1,500 s; the average run takes 100 device-seconds. */
const BUSY = new PoolLoad({
  unfinishedDeviceSeconds: 0,
  longestDrainMs: 333_333.3,
  longestWaitMs: 1_000_000,
  arrivals: 10,
  deviceSeconds: 1_000,
  ends: 10,
  lengthMs: 1_000_000,
});
/** A task as the policy ranks it on such a load. */
const ranked = (
  task: WaitingTask,
  policy: Policy,
  arrivedSecondsAgo: number,
  latestStartInSeconds: number | null = null,
): WaitingTask => ({
  ...task,
  rank: rankFor(
    AT - arrivedSecondsAgo * SECOND,
    BUSY,
    policy,
    latestStartInSeconds === null ? null : AT + latestStartInSeconds * SECOND,
  ),
});
const firstOf = (waiting: readonly WaitingTask[], policy: Policy) =>
  granted({ nodes: one, waiting }, policy)[0];

describe('Order', () => {
  const mixed = [
    aTask('late', 3),
    aTask('early', 2),
    aTask('low', 1, { devices: 1 }, { priorityClass: 'low' }),
    aTask('urgent', 4, { devices: 1 }, { priorityClass: 'critical' }),
  ];
  it('serves the more urgent class first, then the earlier arrival', () => {
    expect(granted({ nodes: four, waiting: mixed })).toEqual(['urgent@n', 'early@n', 'late@n', 'low@n']);
  });
  it('takes the classes in the order that the policy names', () => {
    const upsideDown = aPolicy({ classes: ['batch', 'low', 'normal', 'high', 'critical'] });
    expect(granted({ nodes: four, waiting: mixed }, upsideDown)).toEqual([
      'low@n',
      'early@n',
      'late@n',
      'urgent@n',
    ]);
  });
  it('knows arrival alone where the policy names nothing else', () => {
    const fifo = aPolicy({ order: [] });
    expect(granted({ nodes: four, waiting: mixed }, fifo)).toEqual([
      'low@n',
      'early@n',
      'late@n',
      'urgent@n',
    ]);
  });
  it('breaks ties by id', () => {
    const same = { runId: runId('run-1') };
    const waiting = ['c', 'a', 'b'].map((name) =>
      aTask(name, 1, { devices: 1 }, { ...same, id: `run-1/${name}#1` }),
    );
    expect(granted({ nodes: four, waiting })).toEqual(['a@n', 'b@n', 'c@n']);
  });
  it('puts first whom others give way for', () => {
    const waiting = [aTask('t', 1), aTask('promised', 2, { devices: 1 }, { promised: true })];
    expect(granted({ nodes: one, waiting })).toEqual(['promised@n']);
  });
  it('records whom a grant went before, and why', () => {
    const low = aTask('low', 1, { devices: 2 }, { priorityClass: 'low' });
    const urgent = aTask('urgent', 2, { devices: 2 }, { priorityClass: 'critical' });
    const [grant] = cycle({ nodes: [aNode('n')], waiting: [low, urgent] }).grants;
    expect(grant?.wentBefore).toMatchObject([{ taskKey: 'low', because: 'class' }]);
  });
});

describe('Tenants’ shares', () => {
  const policy = aPolicy({ order: ['class', 'share'], shares: { weights: { b: 3 }, halfLifeHours: 1 } });
  const of = (name: string, tenant: string, arrival: number) =>
    aTask(name, arrival, { devices: 1 }, { tenant });
  const firstWithUse = (use: Readonly<Record<string, number>>) => {
    const waiting = [of('of-a', 'a', 1), of('of-b', 'b', 2)];
    const cluster = aCluster({ nodes: one, waiting }, policy);
    for (const [tenant, deviceSeconds] of Object.entries(use))
      cluster.set('use', tenant, cluster.use.after(tenant, deviceSeconds, AT));
    return cycleOf(cluster, waiting, policy).grants[0]?.id.replace(/^.*\/|#1$/g, '');
  };

  it('put first the tenant that has used least for its weight', () => {
    expect(firstWithUse({ a: 100, b: 299 })).toBe('of-b');
    expect(firstWithUse({ a: 100, b: 301 })).toBe('of-a');
  });
  it('go in turn within one cycle, by their weights', () => {
    const names = (weights: Readonly<Record<string, number>>) => {
      const inTurn = aPolicy({ order: ['share'], shares: { weights, halfLifeHours: 1 } });
      const waiting = ['a', 'b'].flatMap((tenant) =>
        [1, 2, 3, 4].map((n) => of(`${tenant}${n}`, tenant, n + (tenant === 'a' ? 0 : 4))),
      );
      return granted({ nodes: four, waiting }, inTurn);
    };
    expect(names({})).toEqual(['a1@n', 'b1@n', 'a2@n', 'b2@n']);
    expect(names({ b: 3 })).toEqual(['a1@n', 'b1@n', 'b2@n', 'b3@n']);
  });
  it('count for nothing where the order lacks share', () => {
    const waiting = [of('a1', 'a', 1), of('a2', 'a', 2), of('b1', 'b', 3), of('b2', 'b', 4)];
    expect(granted({ nodes: [aNode('n', { devices: 3 })], waiting }, aPolicy({ order: [] }))).toEqual([
      'a1@n',
      'a2@n',
      'b1@n',
    ]);
  });
  it('never put a lower class first', () => {
    const waiting = [of('of-a', 'a', 1), { ...of('of-b', 'b', 2), priorityClass: 'low' as const }];
    const cluster = aCluster({ nodes: one, waiting }, policy);
    cluster.set('use', 'a', cluster.use.after('a', 1_000, AT));
    expect(cycleOf(cluster, waiting, policy).grants.map(({ id }) => id)).toEqual(['run-of-a/of-a#1']);
  });
  it('forget use by half in each half-life', () => {
    const cluster = aCluster({}, policy);
    cluster.set('use', 'a', cluster.use.after('a', 100, AT - 3_600_000));
    expect(cluster.use.shareOf('a', AT)).toBeCloseTo(50);
  });
});

describe('Size and age', () => {
  const policy = aPolicy({ order: ['class', 'size'], size: { bound: 1.5 } });
  const small = aTask('small', 2, { devices: 1 }, { seconds: 10 });
  const large = aTask('large', 1, { devices: 1 }, { seconds: 1_000 });

  it('put less work first: devices by time', () => {
    expect(firstOf([ranked(large, policy, 100), ranked(small, policy, 50)], policy)).toBe('small@n');
    const wide = aTask('wide', 2, { devices: 4 }, { seconds: 300 });
    expect(
      granted({ nodes: four, waiting: [ranked(wide, policy, 50), ranked(large, policy, 100)] }, policy)[0],
    ).toBe('large@n');
  });
  it('put first whoever has waited for longer than the bound, so that nobody starves', () => {
    expect(firstOf([ranked(large, policy, 1_600), ranked(small, policy, 0)], policy)).toBe('large@n');
  });
  it('never let the large one go first where the policy sets no bound', () => {
    const endless = aPolicy({ order: ['class', 'size'], size: { bound: 'none' } });
    expect(firstOf([ranked(large, endless, 1e6), ranked(small, endless, 0)], endless)).toBe('small@n');
  });
  it('lift a task in time for its deadline', () => {
    const lifts = aPolicy({ order: ['class', 'size'], size: { bound: 1.5 }, deadlines: 'lift' });
    const due = [ranked(large, lifts, 100, -1), ranked(small, lifts, 50)];
    expect(firstOf(due, lifts)).toBe('large@n');
    expect(firstOf([ranked(large, policy, 100, -1), ranked(small, policy, 50)], policy)).toBe('small@n');
  });
  it('put a run with little work left before one with much, then its longest path', () => {
    const first = aTask('first', 1, { devices: 1 }, { runId: runId('run-1'), remainingDeviceSeconds: 500 });
    const short = { ...first, pathSeconds: 100 };
    const long = {
      ...aTask('long', 2),
      runId: runId('run-1'),
      remainingDeviceSeconds: 500,
      pathSeconds: 400,
    };
    const other = { ...aTask('other', 3), remainingDeviceSeconds: 499, pathSeconds: 10 };
    const waiting = [short, long, other].map((task) => ranked(task, policy, 100));
    expect(granted({ nodes: four, waiting }, policy)).toEqual(['other@n', 'long@n', 'first@n']);
  });
  it('say why in the record', () => {
    const leases = [aLease('x', 'n', { devices: 3 }, 50)];
    const waiting = [ranked(large, policy, 100), ranked(small, policy, 50)];
    expect(cycle({ nodes: four, leases, waiting }, policy).grants[0]?.wentBefore).toMatchObject([
      { taskKey: 'large', because: 'size' },
    ]);
  });
});
