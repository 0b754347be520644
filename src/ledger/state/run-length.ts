import { POOLS, type Pool, sizeOf } from '../../domain/index.js';
import type { TaskRow, WorkRow } from '../rows/index.js';

/** By pool: those that a run had no work for when it arrived are not named. */
export type ByPool = ReadonlyMap<Pool, number>;

/** How wide a run stands in each pool: what its work needs to be done in the time of its longest path, as forecast when it arrived. */
export const widthsOf = ({ tasks }: WorkRow): ByPool => {
  const work = new Map<Pool, number>();
  let pathSeconds = 1e-3;
  for (const task of Object.values(tasks)) {
    pathSeconds = Math.max(pathSeconds, task.pathSeconds);
    work.set(task.pool, (work.get(task.pool) ?? 0) + task.items * task.deviceSeconds);
  }
  return new Map(
    POOLS.flatMap((pool) => {
      const deviceSeconds = work.get(pool) ?? 0;
      return deviceSeconds > 0 ? [[pool, deviceSeconds / pathSeconds] as const] : [];
    }),
  );
};

/** How long the work that a run has really done takes at its width, in milliseconds. */
export const lengthsOf = (widths: ByPool, attempts: readonly TaskRow[], endedAtMs: number): ByPool => {
  const worked = new Map<Pool, number>();
  for (const [newest, before] of lastTwo(attempts)) {
    const { pool } = newest.request;
    const seconds = (before?.doneSeconds ?? 0) + ranSeconds(newest, endedAtMs);
    worked.set(pool, (worked.get(pool) ?? 0) + seconds * sizeOf(newest.request));
  }
  return new Map([...widths].map(([pool, width]) => [pool, ((worked.get(pool) ?? 0) / width) * 1_000]));
};

/** Each task's newest attempt, and the one before it with what it kept: what was lost in between is no work of the run. */
const lastTwo = (attempts: readonly TaskRow[]): Iterable<readonly [TaskRow, TaskRow | undefined]> => {
  const last = new Map<string, readonly [TaskRow, TaskRow | undefined]>();
  for (const task of attempts.toSorted((a, b) => a.attempt - b.attempt))
    last.set(task.taskKey, [task, last.get(task.taskKey)?.[0]]);
  return last.values();
};

/** As its workflow said; of one that was cut short with its run, since it was granted. */
const ranSeconds = (
  { state, grantedAtMs, startedAtMs, endedAtMs }: TaskRow,
  runEndedAtMs: number,
): number => {
  const cutShort = state === 'running' || state === 'revoked';
  const fromMs = startedAtMs ?? (cutShort ? grantedAtMs : null);
  return fromMs === null ? 0 : Math.max(0, (endedAtMs ?? runEndedAtMs) - fromMs) / 1_000;
};
