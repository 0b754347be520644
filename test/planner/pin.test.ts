import { describe, expect, it } from 'vitest';
import { nodeId } from '../../src/domain/index.js';
import { levers } from '../../src/planner/index.js';
import {
  AT,
  aCluster,
  aLease,
  aNode,
  aPolicy,
  aTask,
  blockersOf,
  deferralOf,
  evicted,
  granted,
  PLAIN,
} from './builders.js';

const pin = { nodeId: nodeId('b'), by: 'ann', reason: 'its data lies there' };
const pinned = aTask('t', 1, { devices: 1 }, { pin });
const both = [aNode('a'), aNode('b')];

describe('A pinned task', () => {
  it('goes to its node though another would do', () => {
    expect(granted({ nodes: both, waiting: [aTask('t', 1)] })).toEqual(['t@a']);
    expect(granted({ nodes: both, waiting: [pinned] })).toEqual(['t@b']);
  });

  it('waits for its node while others have room, and says who pinned it and why', () => {
    const leases = [aLease('x', 'b', { devices: 2 }, 100)];
    const content = { nodes: both, leases, waiting: [pinned] };
    expect(granted(content)).toEqual([]);
    expect(deferralOf('t', content)).toMatchObject({
      blockers: [
        { code: 'pinned', detail: 'pinned to b by ann: its data lies there' },
        { code: 'no-capacity', detail: expect.stringContaining('b has 0 devices free') },
      ],
      etaP50Ms: AT + 100_000,
    });
    expect(levers(aCluster(content), PLAIN, AT, pinned.id).map(({ sentence }) => sentence)).toContain(
      'if it were not pinned to b: now',
    );
  });

  it.each(['lost', 'draining'] as const)('waits without an end for a node that is %s', (state) => {
    const content = { nodes: [aNode('a'), aNode('b', {}, { state })], waiting: [pinned] };
    expect(granted(content)).toEqual([]);
    expect(deferralOf('t', content)).toMatchObject({
      blockers: [
        { code: 'pinned', detail: `pinned to b by ann: its data lies there; that node is ${state}` },
      ],
      etaP50Ms: null,
    });
  });

  it('of bare slots is bound to its node, and not to the first worker that takes it', () => {
    const nodes = ['a', 'b'].map((id) => aNode(id, { slots: 4 }, { pool: 'io' }));
    const waiting = [aTask('t', 1, { pool: 'io', slots: 1 }, { pin })];
    expect(granted({ nodes, waiting })).toEqual(['t@b']);
  });

  it('has others give way on its node only', () => {
    const policy = aPolicy({
      preemption: {
        ...{ victims: 'lower-class', protectSeconds: 0, maxPreemptions: 3 },
        ...{ hysteresis: 1.5, resumeSeconds: 10 },
      },
    });
    const batch = { priorityClass: 'batch' } as const;
    const leases = ['a', 'b'].map((node) => aLease(`on-${node}`, node, { devices: 2 }, 10_000, batch));
    const waiting = [{ ...pinned, priorityClass: 'critical' as const }];
    expect(evicted({ nodes: both, leases, waiting }, policy)).toEqual(['on-b for t']);
  });

  it('keeps nobody else from the nodes that it may not use', () => {
    const leases = [aLease('x', 'b', { devices: 2 }, 100)];
    const waiting = [pinned, aTask('u', 2, { devices: 2 })];
    expect(granted({ nodes: both, leases, waiting })).toEqual(['u@a']);
    expect(blockersOf('t', { nodes: both, leases, waiting })).toEqual(['pinned', 'no-capacity']);
  });
});
