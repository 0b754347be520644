import { describe, expect, it } from 'vitest';
import { aLease, aNode, anOption, aPolicy, aTask, blockersOf, cycle, granted } from './builders.js';

const GIB = 1024 ** 3;

describe('Fit', () => {
  it('gives a task devices of one node: two free here and two there are not four', () => {
    const nodes = [aNode('a', { devices: 4 }), aNode('b', { devices: 4 })];
    const leases = [aLease('x', 'a', { devices: 2 }, 60), aLease('y', 'b', { devices: 2 }, 60)];
    expect(granted({ nodes, leases, waiting: [aTask('four', 1, { devices: 4 })] })).toEqual([]);
    expect(granted({ nodes, leases, waiting: [aTask('two', 1, { devices: 2 })] })).toEqual(['two@a']);
  });

  it('names devices that nobody holds', () => {
    const leases = [aLease('x', 'n', { devices: 2 }, 60, { devices: [0, 2] })];
    const { grants } = cycle({
      nodes: [aNode('n', { devices: 4 })],
      leases,
      waiting: [aTask('t', 1, { devices: 2 })],
    });
    expect(grants[0]?.devices).toEqual([1, 3]);
  });

  it('lets a gang that may span nodes take its devices from several, from as few as will do', () => {
    const nodes = [
      aNode('a', { devices: 4, cores: 8 }),
      aNode('b', { devices: 1, cores: 2 }),
      aNode('c', { devices: 4, cores: 8 }),
    ];
    const leases = [aLease('x', 'a', { devices: 1 }, 60)];
    const gang = aTask('gang', 1, { devices: 7, cores: 7 }, { placement: { spans: true } });
    const [grant] = cycle({ nodes, leases, waiting: [gang] }).grants;
    expect(grant).toMatchObject({
      nodeId: 'c',
      devices: [0, 1, 2, 3],
      also: [{ nodeId: 'a', devices: [1, 2, 3], resources: { devices: 3, cores: 3 } }],
    });
    const held = { ...gang, placement: { ...gang.placement, spans: false } };
    expect(granted({ nodes, leases, waiting: [held] })).toEqual([]);
  });

  it('keeps a gang that may span nodes on one node where one has room', () => {
    const nodes = [aNode('a', { devices: 8 }), aNode('b', { devices: 4 })];
    const gang = aTask('gang', 1, { devices: 4 }, { placement: { spans: true } });
    expect(granted({ nodes, waiting: [gang] })).toEqual(['gang@b']);
  });

  it.each([
    ['memory', { devices: 1, memoryBytes: 65 * GIB }],
    ['cores', { devices: 1, cores: 9 }],
    ['slots', { devices: 1, slots: 3 }],
  ])('counts %s, not devices alone', (_, request) => {
    const nodes = [aNode('n', { devices: 2, slots: 2 })];
    const waiting = [aTask('t', 1, request)];
    expect(granted({ nodes, waiting })).toEqual([]);
    expect(blockersOf('t', { nodes, waiting })).toEqual(['no-node']);
  });

  it('takes no node without the labels that a task asks for', () => {
    const nodes = [aNode('old', {}, { labels: { gpu: 'v100' } }), aNode('plain')];
    const waiting = [aTask('t', 1, { devices: 0, cores: 1 }, { placement: { labels: { gpu: 'h100' } } })];
    expect(blockersOf('t', { nodes, waiting })).toEqual(['no-node']);
    const fitting = aNode('new', { devices: 8 }, { labels: { gpu: 'h100', zone: 'a' } });
    expect(granted({ nodes: [...nodes, fitting], waiting })).toEqual(['t@new']);
  });

  it('keeps a task off the nodes where those it must not run beside are', () => {
    const leases = [aLease('x', 'a', { devices: 1 }, 60, { placement: { tags: ['noisy'] } })];
    const waiting = [aTask('t', 1, { devices: 1 }, { placement: { apart: ['noisy'] } })];
    expect(granted({ nodes: [aNode('a'), aNode('b')], leases, waiting })).toEqual(['t@b']);
    expect(blockersOf('t', { nodes: [aNode('a')], leases, waiting })).toEqual(['kept-apart']);
  });

  it('keeps two tasks apart that start in the same cycle', () => {
    const replica = { placement: { tags: ['replica'], apart: ['replica'] } };
    const waiting = [aTask('t', 1, { devices: 1 }, replica), aTask('u', 2, { devices: 1 }, replica)];
    expect(granted({ nodes: [aNode('a'), aNode('b')], waiting })).toEqual(['t@a', 'u@b']);
    expect(granted({ nodes: [aNode('a')], waiting })).toEqual(['t@a']);
  });

  it('honours that a running task must not have others beside it, whoever came first', () => {
    const leases = [aLease('x', 'a', { devices: 1 }, 60, { placement: { apart: ['noisy'] } })];
    const waiting = [aTask('t', 1, { devices: 1 }, { placement: { tags: ['noisy'] } })];
    expect(granted({ nodes: [aNode('a')], leases, waiting })).toEqual([]);
  });

  it('counts several named limits at once, over all pools and what the cycle itself starts', () => {
    const policy = aPolicy({ limits: { warehouse: 3, licence: 2 } });
    const nodes = [aNode('n', { devices: 8 }), aNode('c', { devices: 0 }, { pool: 'cpu' })];
    const leases = [
      aLease('x', 'c', { cores: 1 }, 60, { pool: 'cpu', placement: { limits: { warehouse: 2 } } }),
    ];
    const both = { placement: { limits: { warehouse: 1, licence: 1 } } };
    const licence = { placement: { limits: { licence: 1 } } };
    const waiting = [
      aTask('both', 1, { devices: 1 }, both),
      aTask('again', 2, { devices: 1 }, both),
      aTask('one', 3, { devices: 1 }, licence),
      aTask('two', 4, { devices: 1 }, licence),
    ];
    expect(granted({ nodes, leases, waiting }, policy)).toEqual(['both@n', 'one@n']);
    expect(blockersOf('again', { nodes, leases, waiting }, policy)).toContain('limit-reached');
  });

  it('gives bare slots without a node, as many as the live nodes have', () => {
    const nodes = [
      aNode('a', { devices: 0, slots: 2 }),
      aNode('gone', { devices: 0, slots: 9 }, { state: 'lost' }),
    ];
    const leases = [aLease('x', null, { slots: 1 }, 5)];
    const waiting = [aTask('t', 1, { slots: 1 }), aTask('u', 2, { slots: 1 })];
    expect(granted({ nodes, leases, waiting })).toEqual(['t@pool']);
    expect(blockersOf('u', { nodes, leases, waiting })).toEqual(['no-capacity']);
  });

  it('binds slots that go with hardware or labels to a node, and counts unbound ones against each', () => {
    const nodes = [aNode('a', { devices: 0, slots: 2 }), aNode('b', { devices: 0, slots: 1 })];
    const leases = [aLease('x', null, { slots: 1 }, 5)];
    expect(granted({ nodes, leases, waiting: [aTask('t', 1, { slots: 1, cores: 1 })] })).toEqual(['t@a']);
    expect(granted({ nodes, leases, waiting: [aTask('t', 1, { slots: 2, cores: 1 })] })).toEqual([]);
  });

  it('lets work without slots onto a node whatever bare slots are out', () => {
    const nodes = [aNode('a', { slots: 0 }), aNode('b', { devices: 0, slots: 2 })];
    const leases = [aLease('x', null, { slots: 2 }, 5)];
    expect(granted({ nodes, leases, waiting: [aTask('t', 1)] })).toEqual(['t@a']);
  });

  it('counts a lease that is asked to leave, or revoked, until its process has ended', () => {
    const waiting = [aTask('t', 1, { devices: 2 })];
    for (const state of ['preempting', 'revoked'] as const) {
      const leases = [aLease('x', 'n', { devices: 1 }, 60, { state })];
      expect(granted({ nodes: [aNode('n')], leases, waiting })).toEqual([]);
    }
  });

  it('gives nothing on a node that is draining or lost', () => {
    const nodes = [aNode('a', {}, { state: 'draining' }), aNode('b', {}, { state: 'lost' })];
    expect(granted({ nodes, waiting: [aTask('t', 1)] })).toEqual([]);
  });

  it('asks a task that lists places in several pools once', () => {
    const nodes = [aNode('g'), aNode('c', { devices: 0 }, { pool: 'cpu' })];
    const options = [anOption({ devices: 1 }), anOption({ pool: 'cpu', cores: 1 })] as const;
    expect(granted({ nodes, waiting: [aTask('t', 1, {}, { options })] })).toEqual(['t@g']);
  });
});
