import { describe, expect, it } from 'vitest';
import { nodeId } from '../../src/domain/index.js';
import {
  aCluster,
  aLease,
  aNode,
  aTask,
  blockersOf,
  cycle,
  cycleOf,
  deferralOf,
  granted,
} from './builders.js';

describe('Place', () => {
  it('takes the closest fit, so that large work finds whole nodes free', () => {
    const nodes = [aNode('large', { devices: 4 }), aNode('small', { devices: 1 })];
    expect(granted({ nodes, waiting: [aTask('t', 1)] })).toEqual(['t@small']);
    const leases = [aLease('x', 'large', { devices: 3 }, 60)];
    const even = [aNode('large', { devices: 4 }), aNode('small', { devices: 2 })];
    expect(granted({ nodes: even, leases, waiting: [aTask('t', 1)] })).toEqual(['t@large']);
  });

  it('avoids a node that failed the task while another could ever hold it', () => {
    const nodes = [aNode('bad'), aNode('good')];
    const waiting = [aTask('t', 1, { devices: 1 }, { suspectNodes: [nodeId('bad')] })];
    expect(granted({ nodes, waiting })).toEqual(['t@good']);
    expect(granted({ nodes: [aNode('bad')], waiting })).toEqual(['t@bad']);
    const leases = [aLease('x', 'good', { devices: 2 }, 60)];
    expect(blockersOf('t', { nodes, leases, waiting })).toEqual(['no-capacity', 'node-suspect']);
  });

  const sick = (startsLeft: number, id = 'sick') =>
    aNode(id, {}, { health: { startsLeft, detail: 'it failed 5 of its last 10 attempts' } });
  it('gives a node that fails its work no more of it, and says which', () => {
    const waiting = [aTask('t', 1)];
    expect(cycle({ nodes: [sick(0)], waiting })).toMatchObject({ grants: [], failing: ['sick'] });
    expect(granted({ nodes: [sick(1)], waiting })).toEqual(['t@sick']);
  });
  it('gives a node on trial one task, and the others elsewhere', () => {
    const waiting = [aTask('t', 1), aTask('u', 2)];
    expect(granted({ nodes: [sick(1)], waiting })).toEqual(['t@sick']);
    expect(granted({ nodes: [sick(1, 'a'), aNode('well')], waiting })).toEqual(['t@a', 'u@well']);
  });
  it('tells a task that waits because the nodes with room fail too much', () => {
    const nodes = [sick(0), aNode('well')];
    const leases = [aLease('x', 'well', { devices: 2 }, 60)];
    const content = { nodes, leases, waiting: [aTask('t', 1)] };
    expect(blockersOf('t', content)).toEqual(['no-capacity', 'node-failing']);
    expect(deferralOf('t', content)?.blockers[1]?.detail).toBe(
      'no new work goes to sick (it failed 5 of its last 10 attempts)',
    );
    expect(blockersOf('t', { ...content, nodes: [sick(0)] })).toEqual(['no-node', 'node-failing']);
  });

  it('prefers the node where a task’s data lies, then one beside those it wants to be near', () => {
    const nodes = [aNode('a', { devices: 1 }), aNode('b', { devices: 4 }), aNode('c', { devices: 4 })];
    const leases = [aLease('x', 'c', { devices: 1 }, 60, { placement: { tags: ['cache'] } })];
    const likes = (placement: object) =>
      granted({ nodes, leases, waiting: [aTask('t', 1, { devices: 1 }, { placement })] });
    expect(likes({})).toEqual(['t@a']);
    expect(likes({ near: ['cache'] })).toEqual(['t@c']);
    expect(likes({ near: ['cache'], dataOn: [nodeId('b')] })).toEqual(['t@b']);
  });
  it('goes elsewhere rather than wait for its data’s node', () => {
    const leases = [aLease('x', 'b', { devices: 2 }, 60)];
    const waiting = [aTask('t', 1, { devices: 1 }, { placement: { dataOn: [nodeId('b')] } })];
    expect(granted({ nodes: [aNode('a'), aNode('b')], leases, waiting })).toEqual(['t@a']);
  });
});

describe('A device', () => {
  it('that one lease has taken over from another is not free when the other goes, told in whatever order', () => {
    const cluster = aCluster({ nodes: [aNode('n')], leases: [aLease('old', 'n', { devices: 1 }, 60)] });
    cluster.setLease(aLease('new', 'n', { devices: 1 }, 60));
    cluster.removeLease('lease-old');
    const task = aTask('t', 1, { devices: 1 });
    cluster.setTask(task);
    expect(cycleOf(cluster, [task]).grants.map(({ devices }) => devices)).toEqual([[1]]);
  });
});
