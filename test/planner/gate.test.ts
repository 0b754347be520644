import { describe, expect, it } from 'vitest';
import { Cluster, plan } from '../../src/planner/index.js';
import { AT, aNode, aPolicy, aTask, PLAIN } from './builders.js';

const waiting = ['a', 'b', 'c'].map((name, arrival) => aTask(name, arrival));
const calls = { placement: { endpoints: ['api.example.com'] } };

/** A cycle with a gate in place, everybody asked about. */
const cycleWith = (scope: string, startsLeft: number, tasks = waiting, untilMs: number | null = null) => {
  const cluster = new Cluster(PLAIN);
  cluster.setNode(aNode('n', { devices: 4 }));
  for (const task of tasks) cluster.setTask(task);
  cluster.setGate(scope, { startsLeft, detail: 'too much fails', untilMs });
  const asked = new Set(tasks.map(({ id }) => id));
  const { grants, deferrals } = plan(cluster, aPolicy(), AT, { asked });
  return { granted: grants.map(({ id }) => id.slice(4, 5)), deferrals };
};

describe('A gate', () => {
  it('of a pool lets so many through in the order of the queue, and tells the others', () => {
    const { granted, deferrals } = cycleWith('pool/gpu', 2);
    expect(granted).toEqual(['a', 'b']);
    expect(deferrals).toHaveLength(1);
    expect(deferrals[0]?.blockers).toContainEqual({ code: 'pool-failing', detail: 'too much fails' });
  });

  it('that is shut starts nothing before it opens', () => {
    const { granted, deferrals } = cycleWith('pool/gpu', 0, waiting, AT + 60_000);
    expect(granted).toEqual([]);
    expect(deferrals.map(({ etaP50Ms }) => etaP50Ms)).toEqual([AT + 60_000, AT + 60_000, AT + 60_000]);
  });

  it('of another pool is none of theirs', () => {
    expect(cycleWith('pool/io', 0).granted).toEqual(['a', 'b', 'c']);
  });

  it('of a service keeps only those that call it', () => {
    const tasks = [aTask('a', 0, { devices: 1 }, calls), aTask('b', 1), aTask('c', 2, { devices: 1 }, calls)];
    const { granted, deferrals } = cycleWith('endpoint/api.example.com', 0, tasks);
    expect(granted).toEqual(['b']);
    expect(deferrals.map(({ blockers }) => blockers[0]?.code)).toEqual([
      'endpoint-failing',
      'endpoint-failing',
    ]);
    expect(cycleWith('endpoint/api.example.com', 1, tasks).granted).toEqual(['a', 'b']);
    expect(cycleWith('endpoint/other.example.com', 0, tasks).granted).toEqual(['a', 'b', 'c']);
  });
});
