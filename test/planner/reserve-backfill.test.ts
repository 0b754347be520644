import { describe, expect, it } from 'vitest';
import { aForecast, aLease, aNode, aPolicy, aTask, granted } from './builders.js';

const nodes = [aNode('n', { devices: 4 })];
const leases = [aLease('x', 'n', { devices: 2 }, 100)];
const big = aTask('big', 1, { devices: 4 });

describe('Reserve and backfill', () => {
  const small = (seconds: number) => aTask('small', 2, { devices: 1 }, { seconds });
  it('keep what a big task waits for: short work goes ahead only where it has ended by then', () => {
    expect(granted({ nodes, leases, waiting: [big, small(101)] })).toEqual([]);
    expect(granted({ nodes, leases, waiting: [big, small(100)] })).toEqual(['small@n']);
  });

  it('believe the P90 of the work that would go ahead', () => {
    const likely = aTask('small', 2, { devices: 1 }, { forecast: aForecast(50, 101) });
    expect(granted({ nodes, leases, waiting: [big, likely] })).toEqual([]);
  });

  it('count only what is left of work that resumes', () => {
    const resumed = { ...small(500), doneSeconds: 400 };
    expect(granted({ nodes, leases, waiting: [big, resumed] })).toEqual(['small@n']);
  });

  it('let long work ahead where the reserved start leaves room beside it', () => {
    const three = aTask('three', 1, { devices: 3 });
    const long = (name: string, arrival: number) => aTask(name, arrival, { devices: 1 }, { seconds: 5_000 });
    const waiting = [three, long('one', 2), long('two', 3)];
    expect(granted({ nodes, leases, waiting })).toEqual(['one@n']);
  });

  it('let work ahead that needs nothing of what the head waits for', () => {
    const other = [...nodes, aNode('m', { devices: 1 })];
    const cores = aTask('cores', 2, { cores: 8 }, { seconds: 5_000 });
    const waiting = [big, cores, aTask('other', 3, { devices: 1 }, { seconds: 5_000 })];
    expect(granted({ nodes: other, leases, waiting })).toEqual(['cores@m', 'other@m']);
  });

  it('reserve the node where the head starts first', () => {
    const two = [...nodes, aNode('m', { devices: 4 })];
    const both = [...leases, aLease('y', 'm', { devices: 2 }, 50)];
    const long = aTask('long', 2, { devices: 1 }, { seconds: 5_000 });
    expect(granted({ nodes: two, leases: both, waiting: [big, long] })).toEqual(['long@n']);
  });

  it('keep all nodes for a gang that may span them, and its parts from those that may not delay the head', () => {
    const two = [aNode('n', { devices: 4 }), aNode('m', { devices: 4 })];
    const both = [aLease('x', 'n', { devices: 2 }, 100), aLease('y', 'm', { devices: 3 }, 400)];
    const gang = aTask('gang', 1, { devices: 8 }, { placement: { spans: true } });
    const long = aTask('long', 2, { devices: 1 }, { seconds: 5_000 });
    expect(granted({ nodes: two, leases: both, waiting: [gang, long] })).toEqual([]);
    const spanning = aTask('gang', 2, { devices: 3 }, { placement: { spans: true }, seconds: 5_000 });
    expect(granted({ nodes: two, leases: both, waiting: [big, spanning] })).toEqual([]);
  });

  it('reserve for a head that is kept apart the time when it no longer is', () => {
    const noisy = [aLease('x', 'n', { devices: 1 }, 100, { placement: { tags: ['noisy'] } })];
    const quiet = aTask('quiet', 1, { devices: 4 }, { placement: { apart: ['noisy'] } });
    const waiting = [quiet, small(100)];
    expect(granted({ nodes, leases: noisy, waiting })).toEqual(['small@n']);
    expect(granted({ nodes, leases: noisy, waiting: [quiet, small(101)] })).toEqual([]);
  });

  it('reserve bare slots too', () => {
    const io = [aNode('n', { devices: 0, slots: 4 })];
    const held = [aLease('x', null, { slots: 2 }, 100)];
    const wide = aTask('wide', 1, { slots: 4 });
    const thin = (seconds: number) => aTask('thin', 2, { slots: 1 }, { seconds });
    expect(granted({ nodes: io, leases: held, waiting: [wide, thin(100)] })).toEqual(['thin@pool']);
    expect(granted({ nodes: io, leases: held, waiting: [wide, thin(101)] })).toEqual([]);
  });

  it('expect a lease that has outlived its forecast to need a while yet', () => {
    const late = [aLease('x', 'n', { devices: 2 }, -500, { ranSeconds: 1_500 })];
    expect(granted({ nodes, leases: late, waiting: [big, small(10)] })).toEqual(['small@n']);
    expect(granted({ nodes, leases: late, waiting: [big, small(2_000)] })).toEqual([]);
  });

  it('where the policy says none, let nobody ahead', () => {
    const none = aPolicy({ backfill: 'none' });
    expect(granted({ nodes, leases, waiting: [big, small(1)] }, none)).toEqual([]);
    const held = { ...big, holds: [{ code: 'held' as const, detail: '', fromMs: 0, untilMs: null }] };
    expect(granted({ nodes, leases, waiting: [held, small(1)] }, none)).toEqual(['small@n']);
  });

  it('where the policy says greedy, let everybody ahead', () => {
    const greedy = aPolicy({ backfill: 'greedy' });
    expect(granted({ nodes, leases, waiting: [big, small(5_000)] }, greedy)).toEqual(['small@n']);
  });
});
