import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Cluster,
  differencesBetween,
  plan,
  type RecordedCycle,
  Recorder,
  Replay,
} from '../../src/planner/index.js';
import { contents, policies } from './arbitrary.js';
import { AT, aLease, aNode, aTask, type Content, PLAIN } from './builders.js';

/** What may happen to a cluster and its recorder, a change by the number of the piece that it is of. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('change' as const), pick: fc.nat(), gone: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.constant({ kind: 'cycle' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'undo' as const }) },
  ),
  { maxLength: 60 },
);

/** What a picked number does to a cluster; the pieces of two contents share their names, so that one replaces the other. */
const changesOf = (cluster: Cluster, contents: readonly Required<Content>[]) =>
  contents.flatMap(({ nodes, leases, waiting }) => [
    ...nodes.map((node) => (gone: boolean) => cluster.set('node', node.id, gone ? undefined : node)),
    ...leases.map((lease) => (gone: boolean) => cluster.set('lease', lease.id, gone ? undefined : lease)),
    ...waiting.map((task) => (gone: boolean) => cluster.set('task', task.id, gone ? undefined : task)),
    ...waiting.map(
      ({ tenant, arrival }) =>
        (gone: boolean) =>
          cluster.set('use', tenant, gone ? undefined : { deviceSeconds: arrival, atMs: AT - arrival }),
    ),
    (gone: boolean) => cluster.setPatience('gpu', gone ? Number.POSITIVE_INFINITY : 60_000),
  ]);

const piecesOf = (cluster: Cluster) =>
  cluster.kinds.flatMap((kind) =>
    [...cluster.ids(kind)].flatMap((id) => {
      const piece = cluster.get(kind, id);
      return piece === undefined ? [] : [`${kind} ${id} ${JSON.stringify(piece)}`];
    }),
  );

describe('A recording', () => {
  it('rebuilds each cycle from its base on, whatever came, changed, went or was undone in between', () => {
    fc.assert(
      fc.property(contents, contents, policies(), steps, (first, second, policy, happened) => {
        const cluster = new Cluster(policy);
        const recorder = new Recorder(cluster);
        const changes = changesOf(cluster, [first, second]);
        for (const change of changes.slice(0, changes.length / 3)) change(false);
        const written: { changes: string; cycle?: RecordedCycle; pieces: readonly string[] }[] = [
          ...recorder.snapshot(),
        ].map((part) => ({ ...part, pieces: [] }));
        let unsettled: typeof written = [];
        let atMs = AT - 100_000;
        for (const step of happened) {
          if (step.kind === 'change') changes[step.pick % changes.length]?.(step.gone);
          else if (step.kind === 'cycle') {
            atMs += 1_000;
            const scope = { pools: ['gpu', 'cpu'] as const, asked: [...cluster.ids('task')] };
            const decided = plan(cluster, policy, atMs, { pools: scope.pools, asked: new Set(scope.asked) });
            const cycle = recorder.record({ atMs, policyVersion: policy.version, scope }, decided);
            expect(cycle.sequence).toBe(written.length + unsettled.length);
            unsettled.push({ changes: cycle.changes, cycle, pieces: piecesOf(cluster) });
          } else if (step.kind === 'settle') {
            recorder.settled();
            written.push(...unsettled);
            unsettled = [];
          } else {
            recorder.undone();
            unsettled = [];
          }
        }
        for (const [sequence, { cycle, pieces }] of written.entries()) {
          if (cycle === undefined) continue;
          const rebuilt = new Cluster(policy);
          for (const { changes: text } of written.slice(cycle.base, sequence + 1))
            for (const [kind, id, piece] of JSON.parse(text)) rebuilt.set(kind, id, piece ?? undefined);
          expect(piecesOf(rebuilt).toSorted()).toEqual(pieces.toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('decides each cycle again as it was, byte for byte', () => {
    fc.assert(
      fc.property(contents, contents, policies(), steps, (first, second, policy, happened) => {
        const cluster = new Cluster(policy);
        const recorder = new Recorder(cluster);
        const changes = changesOf(cluster, [first, second]);
        const replay = new Replay(() => policy);
        for (const part of recorder.snapshot()) replay.apply(part, policy.version);
        let atMs = AT - 100_000;
        for (const step of happened) {
          if (step.kind === 'change') changes[step.pick % changes.length]?.(step.gone);
          if (step.kind !== 'cycle') continue;
          atMs += 7_000;
          const scope = { pools: ['gpu', 'cpu'] as const, asked: [...cluster.ids('task')] };
          const decided = plan(cluster, policy, atMs, { pools: scope.pools, asked: new Set(scope.asked) });
          const cycle = recorder.record({ atMs, policyVersion: policy.version, scope }, decided);
          replay.apply(cycle, policy.version);
          expect(replay.planAgain(cycle)).toBe(cycle.plan);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('restates what does not change, so that what is old is needed no more', () => {
    const cluster = new Cluster(PLAIN);
    for (let index = 0; index < 40; index += 1) cluster.setTask(aTask(`t${index}`, index));
    const recorder = new Recorder(cluster);
    const parts = [...recorder.snapshot()].length;
    const record = () => {
      const scope = { pools: [], asked: [] };
      const decided = plan(cluster, PLAIN, AT, scope as never);
      return recorder.record({ atMs: AT, policyVersion: PLAIN.version, scope }, decided);
    };
    const bases = Array.from({ length: 120 }, () => {
      const { base } = record();
      recorder.settled();
      return base;
    });
    expect(bases[0]).toBe(0);
    expect(bases.at(-1)).toBeGreaterThan(parts + 30);
    expect(bases).toEqual(bases.toSorted((a, b) => a - b));
  });

  it('costs the same for a change at 10 and at 10,000 waiting', () => {
    const lengthOf = (waiting: number): number => {
      const cluster = new Cluster(PLAIN);
      for (let index = 0; index < waiting; index += 1) cluster.setTask(aTask(`t${index}`, index));
      const recorder = new Recorder(cluster);
      for (const _ of recorder.snapshot());
      cluster.setNode(aNode('gpu-1'));
      cluster.setLease(aLease('x', 'gpu-1', { devices: 1 }, 60));
      const scope = { pools: [], asked: [] };
      return recorder.record({ atMs: AT, policyVersion: '', scope }, plan(cluster, PLAIN, AT, { pools: [] }))
        .changes.length;
    };
    expect(lengthOf(10_000)).toBeLessThan(lengthOf(10) + 100);
  });
});

describe('A difference', () => {
  const empty = { grants: [], preemptions: [], deferrals: [], failing: [], considered: 0 };
  const text = (over: object) => JSON.stringify({ ...empty, ...over });

  it.each([
    [
      'what only one side decided',
      { preemptions: [{ leaseId: 'l', forId: 'a' }] },
      {},
      [['preemption', 'l']],
    ],
    [
      'what the two decided otherwise',
      { failing: ['n'], considered: 2 },
      { considered: 3 },
      [
        ['failing', 'n'],
        ['considered', ''],
      ],
    ],
    ['an order', { failing: ['n', 'm'] }, { failing: ['m', 'n'] }, [['order', '']]],
    ['nothing where all is the same', { failing: ['n'] }, { failing: ['n'] }, []],
  ])('tells %s', (_, recorded, replayed, expected) => {
    const found = differencesBetween(text(recorded), text(replayed));
    expect(found.map(({ what, id }) => [what, id])).toEqual(expected);
  });
});
