import { describe, expect, it } from 'vitest';
import {
  evenFleet,
  type PastRun,
  queueText,
  recordedResult,
  replayOf,
  reportOf,
} from '../../src/simulator/index.js';

type Attempt = PastRun['attempts'][number];
const GPU = { pool: 'gpu', devices: 1, cores: 0, memoryBytes: 0, slots: 0 } as const;
const FLEET = evenFleet('gpu', 8, 4);
const NOW = 1_800_000_000_000;

/** An attempt that was ready, started and ended at these seconds. */
const anAttempt = (
  key: string,
  [ready, start, end]: readonly number[],
  over: Partial<Attempt> = {},
): Attempt => ({
  ...{ key, outcome: 'succeeded', request: GPU, features: {} },
  readyAtMs: NOW + (ready ?? 0) * 1_000,
  startedAtMs: NOW + (start ?? 0) * 1_000,
  endedAtMs: NOW + (end ?? 0) * 1_000,
  ...over,
});
const aRun = (id: string, submitS: number, over: Partial<PastRun> = {}): PastRun => ({
  ...{ id, pipeline: 'nightly', tenant: 'a', priorityClass: 'normal', deadlineAtMs: null },
  submitAtMs: NOW + submitS * 1_000,
  needs: { train: [] },
  attempts: [anAttempt('train', [submitS, submitS, submitS + 10])],
  ...over,
});
const tasksOf = (over: Partial<PastRun>) =>
  replayOf([aRun('r', 0, over)], NOW, FLEET).workload.runs[0]?.tasks ?? [];
const briefly = (tasks: ReturnType<typeof tasksOf>) =>
  tasks.map(({ name, needs, runSeconds }) => [name, needs, runSeconds]);

describe('a recorded run, scheduled anew', () => {
  it('asks for what its tasks asked for, each after what it needs, items of a fan-out included', () => {
    const tasks = tasksOf({
      needs: { prepare: [], train: ['prepare'], report: ['train'] },
      attempts: [
        anAttempt('prepare', [0, 0, 5], { features: { rows: 7 } }),
        anAttempt('train[0]', [5, 6, 16]),
        anAttempt('train[1]', [5, 6, 26]),
        anAttempt('report', [26, 26, 27]),
      ],
    });
    expect(briefly(tasks)).toEqual([
      ['prepare', [], 5],
      ['train[0]', [0], 10],
      ['train[1]', [0], 20],
      ['report', [1, 2], 1],
    ]);
    expect(tasks[0]).toMatchObject({ type: 'prepare', pool: 'gpu', features: { rows: 7 }, spans: false });
    expect(tasks[1]).toMatchObject({ type: 'train', resources: { devices: 1 } });
  });

  it('fails again where it failed, and goes on as it went on', () => {
    const attempts = [anAttempt('train', [0, 0, 3], { outcome: 'failed' }), anAttempt('train', [3, 4, 14])];
    expect(briefly(tasksOf({ attempts }))).toEqual([
      ['train', [], 3],
      ['train#2', [0], 10],
    ]);
  });

  it('counts what gave way as part of the work, and what was lost not at all', () => {
    const gaveWay = [anAttempt('train', [0, 0, 3], { outcome: 'preempted' }), anAttempt('train', [3, 4, 14])];
    const lost = [anAttempt('train', [0, 0, 3], { outcome: 'lost' }), anAttempt('train', [3, 4, 14])];
    expect(briefly(tasksOf({ attempts: gaveWay }))).toEqual([['train', [], 13]]);
    expect(briefly(tasksOf({ attempts: lost }))).toEqual([['train', [], 10]]);
  });

  it('waits through a task whose result was there already for what that one needed', () => {
    const tasks = tasksOf({
      needs: { a: [], cached: ['a'], c: ['cached'] },
      attempts: [anAttempt('a', [0, 0, 1]), anAttempt('c', [1, 1, 2])],
    });
    expect(briefly(tasks)).toEqual([
      ['a', [], 1],
      ['c', [0], 1],
    ]);
  });
});

describe('a replay', () => {
  it('schedules what was submitted from a moment on, by arrival, and learns from what had ended by then', () => {
    const runs = [aRun('late', 60), aRun('long', -5), aRun('first', 20), aRun('old', -30)];
    const { workload, past } = replayOf(runs, NOW, FLEET);
    expect(workload.runs.map(({ id }) => id)).toEqual(['first', 'late']);
    expect(past.map(({ id }) => id)).toEqual(['first', 'late']);
    expect(workload.history.map(({ id }) => id)).toEqual(['old', 'long']);
  });

  it('leaves out runs that held nothing, or ask for more than there is', () => {
    const large = anAttempt('train', [0, 0, 1], { request: { ...GPU, devices: 9 } });
    const spans = anAttempt('train', [0, 0, 1], { request: { ...GPU, devices: 6 } });
    const runs = [aRun('none', 0, { attempts: [] }), aRun('large', 0, { attempts: [large] })];
    const { workload, leftOut } = replayOf([...runs, aRun('spans', 1, { attempts: [spans] })], NOW, FLEET);
    expect(leftOut).toBe(2);
    expect(workload.runs[0]?.tasks[0]?.spans).toBe(true);
  });

  it('tells how the same runs fared in truth', () => {
    const waited = aRun('r1', 0, {
      deadlineAtMs: NOW + 15_000,
      attempts: [anAttempt('train', [0, 10, 20], { request: { ...GPU, devices: 2 } })],
    });
    const gaveWay = aRun('r2', 5, {
      attempts: [anAttempt('train', [5, 5, 8], { outcome: 'preempted' }), anAttempt('train', [8, 12, 19])],
    });
    const result = recordedResult(
      replayOf([waited, gaveWay], NOW, FLEET),
      FLEET,
      (_, seconds) => seconds * 1e6,
    );
    expect(reportOf(result, 0)).toMatchObject({
      ...{ policy: 'recorded', jobs: 2, queueMaxSeconds: 10, queueP50Seconds: 10, responseMeanSeconds: 17 },
      ...{ preemptions: 1, deadlinesMet: 0, costUsd: 20, utilisation: 0.1875 },
    });
    expect(queueText([result], 80).join('\n')).toContain('recorded');
  });
});
