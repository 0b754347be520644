import { describe, expect, it } from 'vitest';
import {
  AT,
  aCluster,
  aLease,
  aNode,
  aPolicy,
  aTask,
  type Content,
  cycle,
  cycleOf,
  evicted,
  granted,
} from './builders.js';

const rules = {
  victims: 'lower-class',
  protectSeconds: 120,
  maxPreemptions: 3,
  hysteresis: 1.5,
  resumeSeconds: 10,
};
const policy = aPolicy({ preemption: rules });
const bySize = aPolicy({
  order: ['class', 'size'],
  size: { bound: 'none' },
  preemption: { ...rules, victims: 'larger-remaining' },
});

const one = [aNode('n', { devices: 1 })];
/** Keeps all its work, so that it loses no more than stopping and resuming. */
const saved = { everySeconds: 0, lastAtMs: null };
type Over = Parameters<typeof aLease>[4];
/** Low work that has run for 1,000 s. */
const low = (name: string, node: string, devices: readonly number[], leftSeconds: number, over: Over = {}) =>
  aLease(name, node, { devices: devices.length }, leftSeconds, {
    ranSeconds: 1_000,
    devices,
    priorityClass: 'low',
    checkpoints: saved,
    ...over,
  });
const task = (name = 't', over = {}) => aTask(name, 1, { devices: 1 }, { seconds: 100, ...over });
const sized = { boundMs: null };
const ranked = <Value extends { readonly rank: object }>(value: Value): Value => ({
  ...value,
  rank: { ...value.rank, ...sized },
});

describe('Preempt', () => {
  it('makes room at the cost of lower classes only', () => {
    const run = (priorityClass: 'low' | 'normal' | 'high') =>
      evicted(
        { nodes: one, leases: [low('x', 'n', [0], 1_000, { priorityClass })], waiting: [task()] },
        policy,
      );
    expect(run('low')).toEqual(['x for t']);
    expect(run('normal')).toEqual([]);
    expect(run('high')).toEqual([]);
  });

  it('makes room for an urgent task behind a large one that no eviction would help', () => {
    const urgent = { priorityClass: 'critical' as const };
    const nodes = [aNode('big', { devices: 2 }), aNode('n', { devices: 1 })];
    const leases = [low('held', 'big', [0, 1], 1_000, urgent), low('x', 'n', [0], 1_000)];
    const gang = aTask('gang', 0, { devices: 2 }, { seconds: 100, ...urgent });
    expect(evicted({ nodes, leases, waiting: [gang, task('t', urgent)] }, policy)).toEqual(['x for t']);
  });

  it('makes none where the policy does not say so', () => {
    expect(
      evicted({ nodes: one, leases: [low('x', 'n', [0], 1_000)], waiting: [task()] }, aPolicy()),
    ).toEqual([]);
  });

  it('makes none where there is room', () => {
    const content = { nodes: [aNode('n')], leases: [low('x', 'n', [0], 1_000)], waiting: [task()] };
    expect(evicted(content, policy)).toEqual([]);
    expect(granted(content, policy)).toEqual(['t@n']);
  });

  it('within a class lets the larger remaining work give way, where the policy says so', () => {
    const leases = [ranked(low('x', 'n', [0], 10_000, { priorityClass: 'normal' }))];
    const run = (seconds: number, by = bySize) =>
      evicted({ nodes: one, leases, waiting: [ranked(task('t', { seconds }))] }, by);
    expect(run(100)).toEqual(['x for t']);
    expect(run(20_000)).toEqual([]);
    const classOnly = aPolicy({ order: ['class', 'size'], size: { bound: 'none' }, preemption: rules });
    expect(run(100, classOnly)).toEqual([]);
  });

  it('asks for more than a little gain, so that two tasks do not push each other out in turn', () => {
    const run = (runs: number, waits: number) =>
      evicted(
        {
          nodes: one,
          leases: [ranked(low('x', 'n', [0], runs, { priorityClass: 'normal' }))],
          waiting: [ranked(task('t', { seconds: waits }))],
        },
        bySize,
      );
    expect(run(10_000, 6_000)).toEqual(['x for t']);
    expect(run(10_000, 7_000)).toEqual([]);
    // The other way round, once the first has given way.
    expect(run(6_000, 10_000)).toEqual([]);
    expect(run(7_000, 10_000)).toEqual([]);
  });

  it('chooses the work that loses fewest device-seconds since its last checkpoint', () => {
    const nodes = [aNode('a', { devices: 1 }), aNode('b', { devices: 1 }), aNode('c', { devices: 1 })];
    const leases = [
      low('unsaved', 'a', [0], 5_000, { checkpoints: null }),
      low('recent', 'b', [0], 5_000, { checkpoints: { everySeconds: null, lastAtMs: AT - 100_000 } }),
      low('older', 'c', [0], 5_000, { checkpoints: { everySeconds: null, lastAtMs: AT - 300_000 } }),
    ];
    const content = { nodes, leases, waiting: [task()] };
    expect(evicted(content, policy)).toEqual(['recent for t']);
    // 100 s since the checkpoint and 10 s of stopping and resuming.
    expect(cycle(content, policy).preemptions[0]?.lostDeviceSeconds).toBe(110);
  });

  it('counts of work that is not kept what such work really lost before', () => {
    const nodes = [aNode('a', { devices: 1 }), aNode('b', { devices: 1 })];
    const leases = [
      low('saves-when-asked', 'a', [0], 5_000, { checkpoints: null, ranSeconds: 1_000, lossShare: 0.05 }),
      low('regular', 'b', [0], 5_000, { checkpoints: { everySeconds: null, lastAtMs: AT - 100_000 } }),
    ];
    const content = { nodes, leases, waiting: [task()] };
    expect(evicted(content, policy)).toEqual(['saves-when-asked for t']);
    expect(cycle(content, policy).preemptions[0]?.lostDeviceSeconds).toBe(60);
  });

  it('takes no more work away than is needed', () => {
    const nodes = [aNode('n', { devices: 4 })];
    const leases = [low('small', 'n', [0], 5_000), low('wide', 'n', [1, 2, 3], 5_000)];
    const waiting = [aTask('t', 1, { devices: 3 }, { seconds: 100 })];
    expect(evicted({ nodes, leases, waiting }, policy)).toEqual(['wide for t']);
  });

  it('frees one whole node for a gang that needs one', () => {
    const nodes = [aNode('a', { devices: 4 }), aNode('b', { devices: 4 })];
    const leases = [
      low('a1', 'a', [0, 1], 5_000),
      low('a2', 'a', [2, 3], 5_000),
      low('b1', 'b', [0, 1], 5_000),
      low('b2', 'b', [2, 3], 5_000, { priorityClass: 'high' }),
    ];
    const waiting = [aTask('gang', 1, { devices: 4 }, { seconds: 1_000 })];
    expect(evicted({ nodes, leases, waiting }, policy).toSorted()).toEqual(['a1 for gang', 'a2 for gang']);
  });

  it('leaves a task alone for its first minutes', () => {
    const run = (ranSeconds: number) =>
      evicted({ nodes: one, leases: [low('x', 'n', [0], 1_000, { ranSeconds })], waiting: [task()] }, policy);
    expect(run(119)).toEqual([]);
    expect(run(120)).toEqual(['x for t']);
  });

  it('leaves a task alone that has given way often enough', () => {
    const run = (preemptions: number) =>
      evicted(
        { nodes: one, leases: [low('x', 'n', [0], 1_000, { preemptions })], waiting: [task()] },
        policy,
      );
    expect(run(2)).toEqual(['x for t']);
    expect(run(3)).toEqual([]);
  });

  it('makes none where it loses more than it gains', () => {
    const run = (leftSeconds: number, checkpoints: typeof saved | null) =>
      evicted(
        { nodes: one, leases: [low('x', 'n', [0], leftSeconds, { checkpoints })], waiting: [task()] },
        policy,
      );
    expect(run(500, null)).toEqual([]);
    expect(run(5_000, null)).toEqual(['x for t']);
  });

  it('keeps what is freed for the task that it was freed for', () => {
    const promised = task('t', { promised: true });
    const urgent = aTask('urgent', 0, { devices: 1 }, { priorityClass: 'critical', seconds: 10 });
    expect(granted({ nodes: one, waiting: [urgent, promised] }, policy)).toEqual(['t@n']);
  });

  it('takes nobody else’s place while the first is still stopping', () => {
    const nodes = [aNode('a', { devices: 1 }), aNode('b', { devices: 1 })];
    const promised = task('t', { promised: true });
    const leases = [
      low('x', 'a', [0], 1_000, { state: 'preempting', givesWayTo: promised.id }),
      low('y', 'b', [0], 1_000),
    ];
    expect(evicted({ nodes, leases, waiting: [promised] }, policy)).toEqual([]);
  });

  it('gives what one task frees to one task', () => {
    const nodes = [aNode('n', { devices: 2 })];
    const waiting = [task('t'), aTask('u', 2, { devices: 1 }, { seconds: 100 })];
    expect(
      evicted({ nodes, leases: [low('x', 'n', [0], 5_000), low('y', 'n', [1], 5_000)], waiting }, policy),
    ).toEqual(['x for t', 'y for u']);
    const wide = [low('x', 'n', [0, 1], 5_000)];
    expect(evicted({ nodes, leases: wide, waiting }, policy)).toEqual(['x for t']);
  });

  it('helps an overdue task whose turn is over against lower classes all the same, and lets none of them go first', () => {
    const overdue = (content: Content) => {
      const cluster = aCluster(content, bySize);
      cluster.setPatience('gpu', 0);
      return cycleOf(cluster, content.waiting ?? [], bySize);
    };
    const nodes = [aNode('n', { devices: 4 })];
    const urgent = aTask('urgent', 2, { devices: 4 }, { priorityClass: 'critical', seconds: 10 });
    const held = low('x', 'n', [0, 1], 5_000, { overdue: true });
    const lower = aTask('lower', 1, { devices: 2 }, { priorityClass: 'low', seconds: 10 });
    const { grants, preemptions } = overdue({ nodes, leases: [held], waiting: [lower, urgent] });
    expect(preemptions.map(({ leaseId, forId }) => [leaseId, forId])).toEqual([['lease-x', urgent.id]]);
    expect(grants).toEqual([]);
  });
});
