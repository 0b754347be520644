import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levers } from '../../src/planner/index.js';
import { contents, policies } from './arbitrary.js';
import { AT, aCluster, aLease, aNode, aPolicy, aTask, type Content, cycleOf, PLAIN } from './builders.js';

const sentences = (content: Content, policy = PLAIN, name = 't') =>
  levers(aCluster(content, policy), policy, AT, `run-${name}/${name}#1`).map(({ sentence }) => sentence);

describe('Levers', () => {
  const nodes = [aNode('n', { devices: 4 })];
  const busy = [aLease('x', 'n', { devices: 2 }, 600)];

  it('say what a higher class would gain, the mildest that does', () => {
    const leases = [aLease('x', 'n', { devices: 4 }, 60)];
    const waiting = [aTask('before', 1, { devices: 4 }, { seconds: 840 }), aTask('t', 2, { devices: 4 })];
    expect(sentences({ nodes, leases, waiting })).toEqual(
      expect.arrayContaining(['with priority high: 14 min sooner']),
    );
    expect(sentences({ nodes, leases, waiting }).join()).not.toContain('critical');
  });

  it('say what fewer devices would gain', () => {
    const leases = [...busy];
    expect(sentences({ nodes, leases, waiting: [aTask('t', 1, { devices: 4 })] })).toContain(
      'with 2 devices instead of 4: now',
    );
  });

  it('name the running work that would have to end', () => {
    const leases = [
      ...busy,
      aLease('y', 'n', { devices: 1 }, 900, { devices: [2] }),
      aLease('z', 'n', { devices: 1 }, 900, { devices: [3] }),
    ];
    expect(sentences({ nodes, leases, waiting: [aTask('t', 1, { devices: 2 })] })).toContain(
      'if run-x/x ended now: now',
    );
  });

  it('say what less exacting wishes would gain', () => {
    const two = [...nodes, aNode('m', { devices: 4 }, { labels: { gpu: 'h100' } })];
    const leases = [aLease('x', 'm', { devices: 4 }, 600, { placement: { tags: ['noisy'] } })];
    const labelled = aTask('t', 1, { devices: 1 }, { placement: { labels: { gpu: 'h100' } } });
    expect(sentences({ nodes: two, leases, waiting: [labelled] })).toContain(
      'without asking for gpu=h100: now',
    );
    const noisy = [aLease('x', 'n', { devices: 1 }, 600, { placement: { tags: ['noisy'] } })];
    const apart = aTask('t', 1, { devices: 1 }, { placement: { apart: ['noisy'] } });
    expect(sentences({ nodes, leases: noisy, waiting: [apart] })).toContain(
      'without keeping apart from noisy: now',
    );
    const policy = aPolicy({ limits: { warehouse: 1 } });
    const limits = { placement: { limits: { warehouse: 1 } } };
    const limited = [aLease('x', 'n', { devices: 1 }, 600, limits)];
    expect(
      sentences({ nodes, leases: limited, waiting: [aTask('t', 1, { devices: 1 }, limits)] }, policy),
    ).toContain('without the limit warehouse: now');
  });

  it('say when a task would start that waits without an end in sight', () => {
    const leases = [aLease('x', 'n', { devices: 4 }, 600)];
    const waiting = [aTask('t', 1, { devices: 8 })];
    expect(sentences({ nodes, leases, waiting })).toContain('with 4 devices instead of 8: in 10 min');
  });

  it('leave out what gains less than a tenth of the wait', () => {
    const leases = [aLease('x', 'n', { devices: 4 }, 10_000)];
    const waiting = [aTask('before', 1, { devices: 4 }, { seconds: 800 }), aTask('t', 2, { devices: 4 })];
    expect(sentences({ nodes, leases, waiting }).join()).not.toContain('priority');
  });

  it('have nothing to say of a task that starts, or that does not wait', () => {
    expect(sentences({ nodes, waiting: [aTask('t', 1)] })).toEqual([]);
    expect(sentences({ nodes })).toEqual([]);
  });

  it('are at most five, the best first, and leave the cluster as it was', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const cluster = aCluster(content, policy);
        const before = JSON.stringify(cycleOf(cluster, content.waiting, policy));
        for (const { id } of content.waiting) {
          const found = levers(cluster, policy, AT, id);
          expect(found.length).toBeLessThanOrEqual(5);
          const starts = found.map(({ startAtMs }) => startAtMs);
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
          for (const { soonerMs } of found) expect(soonerMs ?? 1).toBeGreaterThan(0);
        }
        expect(JSON.stringify(cycleOf(cluster, content.waiting, policy))).toBe(before);
      }),
      { numRuns: 150 },
    );
  });
});
