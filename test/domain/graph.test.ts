import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cyclesOf,
  dependentsOf,
  handlersOf,
  type Needs,
  needsOf,
  reachability,
  readPipeline,
  topologicalOrder,
} from '../../src/domain/index.js';

const graph = (edges: Record<string, string[]>): Needs => new Map(Object.entries(edges));
const diamond = graph({ d: ['b', 'c'], b: ['a'], c: ['a'], a: [] });

/** Any graph of up to 20 tasks; `forward` allows needs on earlier tasks only, so that there is no cycle. */
const anyGraph = (forward: boolean) =>
  fc.array(fc.array(fc.nat(19), { maxLength: 4 }), { minLength: 1, maxLength: 20 }).map((lists): Needs => {
    const within = (need: number, i: number) => need < (forward ? i : lists.length);
    return new Map(
      lists.map((needs, i) => [`t${i}`, needs.filter((need) => within(need, i)).map((need) => `t${need}`)]),
    );
  });

describe('the graph', () => {
  it('orders every task after all it needs, otherwise as the document does', () =>
    expect(topologicalOrder(diamond)).toEqual(['a', 'b', 'c', 'd']));

  it('knows who waits for whom, and all that stands behind a task', () => {
    expect(Object.fromEntries(dependentsOf(diamond))).toEqual({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] });
    const needs = reachability(diamond);
    expect(['a', 'b', 'c', 'd'].map((other) => needs('d', other))).toEqual([true, true, true, false]);
    expect(needs('b', 'c')).toBe(false);
  });

  it('names each cycle once, and not what merely waits behind it', () =>
    expect(cyclesOf(graph({ a: ['b'], b: ['a'], behind: ['a'], self: ['self'], fine: [] }))).toEqual([
      ['a', 'b'],
      ['self'],
    ]));

  it('holds a chain of 3,000 tasks', () => {
    const chain = new Map(Array.from({ length: 3_000 }, (_, i) => [`t${i}`, i === 0 ? [] : [`t${i - 1}`]]));
    expect(topologicalOrder(chain)).toHaveLength(3_000);
    expect(reachability(chain)('t2999', 't0')).toBe(true);
    expect(reachability(chain)('t0', 't2999')).toBe(false);
    expect(cyclesOf(new Map(chain).set('t0', ['t2999']))[0]).toHaveLength(3_000);
  });

  it('without a cycle is ordered completely, each need before who needs it', () =>
    fc.assert(
      fc.property(anyGraph(true), (needs) => {
        const order = topologicalOrder(needs);
        expect([...order].sort()).toEqual([...needs.keys()].sort());
        for (const [name, needed] of needs)
          for (const need of needed) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
      }),
    ));

  it('tells for every pair whether one needs the other, as following the needs does', () =>
    fc.assert(
      fc.property(anyGraph(true), (needs) => {
        const reaches = reachability(needs);
        const behind = (name: string): string[] =>
          (needs.get(name) ?? []).flatMap((need) => [need, ...behind(need)]);
        for (const name of needs.keys()) {
          const all = new Set(behind(name));
          for (const other of needs.keys()) expect(reaches(name, other)).toBe(all.has(other));
        }
      }),
    ));

  it('has a cycle exactly where it cannot be ordered completely, and each cycle named is one', () =>
    fc.assert(
      fc.property(anyGraph(false), (needs) => {
        const cycles = cyclesOf(needs);
        expect(cycles.length === 0).toBe(topologicalOrder(needs).length === needs.size);
        for (const cycle of cycles)
          for (const [i, name] of cycle.entries())
            expect(needs.get(name)).toContain(cycle[(i + 1) % cycle.length]);
      }),
    ));
});

describe('tasks that stand by', () => {
  const read = readPipeline(`{ apiVersion: signalbox/v1, name: demo, tasks: {
    a: { onFailure: { fallback: b, compensate: c }, run: { command: ./a } },
    b: { run: { command: ./b } }, c: { run: { command: ./c } }, d: { needs: [a], run: { command: ./d } } } }`);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));

  it('are known with whom they stand by for', () =>
    expect(Object.fromEntries(handlersOf(read.pipeline))).toEqual({
      b: { kind: 'fallback', of: 'a' },
      c: { kind: 'compensate', of: 'a' },
    }));

  it('are no part of the graph that a run walks', () =>
    expect([...needsOf(read.pipeline).keys()]).toEqual(['a', 'd']));
});
