import { describe, expect, it } from 'vitest';
import { runId, taskKey } from '../../src/domain/index.js';
import type { TaskRow, WorkRow } from '../../src/ledger/rows/index.js';
import { RunWork } from '../../src/ledger/state/run-work.js';
import { aRequest } from './builders.js';

const aWork = (items: number): WorkRow => ({
  runId: runId('r'),
  loads: {},
  leadSeconds: 100,
  tasks: { x: { pool: 'gpu', items, deviceSeconds: 100, pathSeconds: 100 } },
});
const aRow = (key: string, state: TaskRow['state'], attempt = 1) =>
  ({
    taskKey: taskKey(key),
    attempt,
    state,
    request: aRequest(),
    takenSeconds: 100,
    forecast: { p50Seconds: 100 },
  }) as TaskRow;

describe('What is left of a run', () => {
  const begun = (items: number) => {
    const work = new RunWork();
    work.expect(aWork(items));
    return work;
  };

  it('falls as its tasks end, and an item that nobody expected adds to it', () => {
    const work = begun(4);
    expect(work.left('gpu')).toBe(400);
    work.set(aRow('x[0]', 'waiting'));
    expect(work.left('gpu')).toBe(400);
    work.set(aRow('x[0]', 'succeeded'));
    expect(work.left('gpu')).toBe(300);
    for (const item of [1, 2, 3, 4]) work.set(aRow(`x[${item}]`, 'waiting'));
    expect(work.left('gpu')).toBe(400);
  });

  it('still holds what was interrupted, and the next attempt of it no second time', () => {
    const work = begun(1);
    work.set(aRow('x', 'preempted'));
    expect(work.left('gpu')).toBe(100);
    work.set(aRow('x', 'waiting', 2));
    expect(work.left('gpu')).toBe(100);
    work.set(aRow('x', 'succeeded', 2));
    expect(work.left('gpu')).toBe(0);
  });

  it('is told to the queue in steps of a quarter, the same however it was reached', () => {
    const [work, other] = [begun(10), begun(10)];
    const told: number[] = [];
    for (let item = 0; item < 10; item += 1) {
      work.set(aRow(`x[${item}]`, 'succeeded'));
      told.push(work.told('gpu'));
    }
    expect(told.slice(0, 4)).toEqual([1_000, 1_000, 750, 750]);
    expect(told.at(-1)).toBe(0);
    for (const item of [9, 4, 7]) other.set(aRow(`x[${item}]`, 'succeeded'));
    expect(other.told('gpu')).toBe(told[2]);
  });

  it('is as before when what happened is taken back', () => {
    const work = begun(3);
    work.set(aRow('x[0]', 'waiting'));
    work.set(aRow('x[0]', 'succeeded'));
    work.set(aRow('x[0]', 'waiting'));
    work.remove(aRow('x[0]', 'waiting'));
    expect(work.left('gpu')).toBe(300);
    work.expect(undefined);
    expect(work.left('gpu')).toBe(0);
  });
});
