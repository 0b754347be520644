import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExpectedRun,
  type ExpectedTask,
  forecastRun,
  forecastWithOffers,
  nextVerdict,
  offersFor,
  type WaitingTask,
} from '../../src/planner/index.js';
import { contents, policies } from './arbitrary.js';
import {
  AT,
  aCluster,
  aForecast,
  aLease,
  aNode,
  anOption,
  aPolicy,
  aTask,
  type Content,
  PLAIN,
} from './builders.js';

const MINUTE = 60_000;

/** A task that is still to come, with what it needs. */
const toCome = (asks: WaitingTask, needs: readonly string[] = [], items = 1): ExpectedTask => ({
  name: asks.taskKey,
  needs,
  running: [],
  waiting: [],
  coming: { items, asks },
});
const aRun = (tasks: readonly ExpectedTask[], deadlineMinutes: number | null = null): ExpectedRun => ({
  tasks,
  deadlineAtMs: deadlineMinutes === null ? null : AT + deadlineMinutes * MINUTE,
});
const newest = (name: string, over: Parameters<typeof aTask>[3] = {}, devices = 1) =>
  aTask(name, 1_000, { devices }, over);

const minutes = (content: Content, run: ExpectedRun, policy = PLAIN) => {
  const { startAtMs, finishAtMs } = forecastRun(run, aCluster(content, policy), policy, AT);
  const from = (atMs: number) => Math.round((atMs - AT) / MINUTE);
  return [from(startAtMs.p50), from(finishAtMs.p50), from(finishAtMs.p90)];
};
const offered = (content: Content, run: ExpectedRun, policy = PLAIN) =>
  forecastWithOffers(run, aCluster(content, policy), policy, AT).offers.map(
    ({ words, finishAtMs }) => `${Math.round((finishAtMs.p90 - AT) / MINUTE)} min ${words}`,
  );

const one = [aNode('n', { devices: 1 })];
const busy = (minutesLeft: number) => [aLease('x', 'n', { devices: 1 }, minutesLeft * 60)];

describe('A run is forecast', () => {
  it('by its longest path where hardware is free', () => {
    const tasks = [
      toCome(newest('a', { seconds: 600 })),
      toCome(newest('b', { seconds: 1_200 }), ['a']),
      toCome(newest('c', { seconds: 60 }), ['a']),
    ];
    expect(minutes({ nodes: [aNode('n', { devices: 4 })] }, aRun(tasks))).toEqual([0, 30, 30]);
  });
  it('with the queue as it stands: what runs, and who goes first', () => {
    const waiting = [aTask('before', 1, { devices: 1 }, { seconds: 1_200 })];
    const run = aRun([toCome(newest('a', { seconds: 600 }))]);
    expect(minutes({ nodes: one, leases: busy(10), waiting }, run)).toEqual([30, 40, 40]);
    const urgent = aRun([toCome(newest('a', { seconds: 600, priorityClass: 'high' }))]);
    expect(minutes({ nodes: one, leases: busy(10), waiting }, urgent)).toEqual([10, 20, 20]);
  });
  it('with a wait of later tasks that may be over by then, and may not', () => {
    const tasks = [toCome(newest('a', { seconds: 1_200 })), toCome(newest('b', { seconds: 600 }), ['a'])];
    expect(minutes({ nodes: one, leases: busy(10) }, aRun(tasks))).toEqual([10, 40, 50]);
  });
  it('with the way in which its own tasks stand in each other’s way', () => {
    const tasks = ['a', 'b', 'c'].map((name) => toCome(newest(name, { seconds: 600 })));
    expect(minutes({ nodes: one }, aRun(tasks))).toEqual([0, 30, 30]);
    expect(minutes({ nodes: one }, aRun([toCome(newest('a', { seconds: 600 }), [], 5)]))).toEqual([
      0, 50, 50,
    ]);
  });
  it('with spreads that add up as squares along the path', () => {
    const forecast = aForecast(600, 1_200);
    const tasks = [toCome(newest('a', { forecast })), toCome(newest('b', { forecast }), ['a'])];
    expect(minutes({ nodes: one }, aRun(tasks))).toEqual([0, 20, 34]);
  });
  it('no sooner than a window opens, for a task that comes later too', () => {
    const held = { code: 'window-closed', detail: 'closed', fromMs: AT, untilMs: AT + 60 * MINUTE } as const;
    const tasks = [
      toCome(newest('a', { seconds: 2_400 })),
      toCome(newest('b', { seconds: 600, holds: [held] }), ['a']),
    ];
    expect(minutes({ nodes: one }, aRun(tasks))).toEqual([0, 70, 70]);
  });
  it('by what is left of it while it runs', () => {
    const left = { p50Seconds: 300, p90Seconds: 300 };
    const { request } = anOption({ devices: 1 });
    const running = { name: 'a', needs: [], running: [{ left, request }], waiting: [], coming: null };
    const tasks = [running, toCome(newest('b', { seconds: 600 }), ['a'])];
    expect(minutes({ nodes: [aNode('n', { devices: 2 })] }, aRun(tasks))).toEqual([0, 15, 15]);
  });
  it('as infeasible, with the reason, where nobody knows when a task could start', () => {
    const run = aRun([toCome(newest('a', { seconds: 60 }, 8))], 600);
    const { deadline, inTheWay } = forecastRun(run, aCluster({ nodes: one }), PLAIN, AT);
    expect(deadline).toBe('infeasible');
    expect(inTheWay.join()).toMatch(/8 devices/);
  });
});

describe('A deadline', () => {
  const run = (deadlineMinutes: number) =>
    aRun([toCome(newest('a', { forecast: aForecast(600, 1_200) }))], deadlineMinutes);
  const verdict = (deadlineMinutes: number) =>
    forecastRun(run(deadlineMinutes), aCluster({ nodes: one }), PLAIN, AT).deadline;

  it('is feasible up to P90, at risk up to P50, else infeasible', () => {
    expect([verdict(20), verdict(19), verdict(10), verdict(9)]).toEqual([
      'feasible',
      'at-risk',
      'at-risk',
      'infeasible',
    ]);
  });
  it('that is safe asks for no offers, nor does a run without one', () => {
    expect(offered({ nodes: one }, run(20))).toEqual([]);
    expect(offered({ nodes: one }, aRun([toCome(newest('a'))]))).toEqual([]);
  });
  it('once in doubt is safe again only with some time to spare, and missed once it has passed', () => {
    const seen = {
      finishAtMs: { p50: AT + 5 * MINUTE, p90: AT + 10 * MINUTE },
      deadline: 'feasible',
    } as const;
    const next = (before: 'feasible' | 'at-risk', minutesLeft: number) =>
      nextVerdict(before, seen, AT + minutesLeft * MINUTE, AT);
    expect([next('feasible', 10), next('at-risk', 10), next('at-risk', 12)]).toEqual([
      'feasible',
      'at-risk',
      'feasible',
    ]);
    expect(nextVerdict('at-risk', seen, AT - 1, AT)).toBe('missed');
  });
});

describe('Counter-offers', () => {
  const waiting = [
    aTask('first', 1, { devices: 1 }, { seconds: 1_200, priorityClass: 'high' }),
    aTask('second', 2, { devices: 1 }, { seconds: 2_400 }),
  ];
  const content = { nodes: one, leases: busy(10), waiting };

  it('name each higher class that changes something, after a deadline that it can keep', () => {
    const run = aRun([toCome(newest('a', { seconds: 600, priorityClass: 'low' }))], 15);
    expect(offered(content, run)).toEqual([
      '80 min as it stands',
      '80 min if the deadline moves there',
      '40 min with priority high',
      '20 min with priority critical',
    ]);
  });
  it('name other places that a task lists, with what they cost more', () => {
    const nodes = [...one, aNode('c', { devices: 0, cores: 8 }, { pool: 'cpu' })];
    const options = [anOption({ devices: 1 }), anOption({ pool: 'cpu', cores: 8 }, 0.5)] as const;
    const run = aRun([toCome(newest('a', { seconds: 600, options }))], 15);
    // On the gpu 10 min for 3.60 an hour; on the cpu 20 min for 8 × 0.36 an hour.
    const fastest = aPolicy({ route: { prefer: 'fastest' } });
    expect(offered({ ...content, nodes }, run, fastest)).toContain('20 min on pool cpu for 0.36 USD more');
  });
  it('are left out where they do not help', () => {
    const run = aRun([toCome(newest('a', { seconds: 600 }))], 5);
    expect(offered({ nodes: one }, run)).toEqual([
      '10 min as it stands',
      '10 min if the deadline moves there',
    ]);
  });

  const trials = fc.record({
    content: contents,
    policy: policies(),
    seconds: fc.integer({ min: 1, max: 5_000 }),
    devices: fc.integer({ min: 1, max: 3 }),
    deadline: fc.integer({ min: 1, max: 200 }),
    more: fc.integer({ min: 0, max: 200 }),
  });
  it('are never worse than the run as it stands, and the deadline that is offered holds', () => {
    fc.assert(
      fc.property(trials, ({ content: arbitrary, policy, seconds, devices, deadline }) => {
        const cluster = aCluster(arbitrary, policy);
        const tasks = [
          toCome(newest('a', { forecast: aForecast(seconds, seconds * 2), priorityClass: 'low' }, devices)),
          toCome(newest('b', { forecast: aForecast(seconds) }, devices), ['a']),
        ];
        const run = aRun(tasks, deadline);
        const before = forecastRun(run, cluster, policy, AT);
        for (const { finishAtMs, change, deadline: verdict } of offersFor(run, before, cluster, policy, AT)) {
          if (change.kind === 'deadline') expect(verdict).toBe('feasible');
          else expect(finishAtMs.p90).toBeLessThanOrEqual(before.finishAtMs.p90);
        }
        expect(forecastRun(run, cluster, policy, AT), 'the cluster is as before').toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
  it('a later deadline is never judged worse', () => {
    const ranks = ['infeasible', 'at-risk', 'feasible'];
    fc.assert(
      fc.property(trials, ({ content: arbitrary, seconds, devices, deadline, more }) => {
        const cluster = aCluster(arbitrary);
        const asks = newest('a', { forecast: aForecast(seconds, seconds * 3) }, devices);
        const judged = (at: number) =>
          ranks.indexOf(forecastRun(aRun([toCome(asks)], at), cluster, PLAIN, AT).deadline);
        expect(judged(deadline + more)).toBeGreaterThanOrEqual(judged(deadline));
      }),
      { numRuns: 60 },
    );
  });
});

describe('A policy that raises runs', () => {
  it('names a class, and needs one in its order', () => {
    expect(aPolicy({ raise: { to: 'high' } }).raise).toEqual({ at: 'at-risk', to: 'high' });
    expect(() => aPolicy({ order: [], raise: { to: 'high' } })).toThrow(/the order lacks class/);
  });
});
