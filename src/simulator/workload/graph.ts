import { POOLS, sizeOf } from '../../domain/index.js';
import type { Fleet, SimRun, SimTask } from './types.js';

type Needs = readonly (readonly number[])[];

/** An order in which each comes after all that it needs (Kahn 1962); shorter than `needs` where there is a cycle. */
export const topologicalOrder = (needs: Needs): readonly number[] => {
  const neededBy = needs.map((): number[] => []);
  needs.forEach((parents, i) => {
    for (const parent of parents) neededBy[parent]?.push(i);
  });
  const open = needs.map((parents) => parents.length);
  const order = open.flatMap((count, i) => (count === 0 ? [i] : []));
  for (const done of order)
    for (const next of neededBy[done] ?? []) {
      const left = (open[next] ?? 0) - 1;
      open[next] = left;
      if (left === 0) order.push(next);
    }
  return order;
};

/** When each task of a run ends at the earliest, were there room for all: seconds since its arrival. */
export const earliestEnds = (tasks: readonly SimTask[]): readonly number[] => {
  const ends = new Array<number>(tasks.length).fill(0);
  for (const i of topologicalOrder(tasks.map(({ needs }) => needs))) {
    const { needs, runSeconds } = tasks[i] as SimTask;
    ends[i] = runSeconds + needs.reduce((latest, need) => Math.max(latest, ends[need] ?? 0), 0);
  }
  return ends;
};

/** How long a run takes at least, however large the pool. */
export const criticalPathSeconds = (tasks: readonly SimTask[]): number =>
  earliestEnds(tasks).reduce((latest, end) => Math.max(latest, end), 0);

/** How long a run takes at least, had it all that a fleet has: the longer of its critical path and its work ÷ devices. */
export const aloneSeconds = ({ tasks }: SimRun, { nodes }: Fleet): number => {
  const [only] = tasks;
  if (only !== undefined && tasks.length === 1) return only.runSeconds;
  const rounds = POOLS.map((pool) => {
    const work = tasks.filter((task) => task.pool === pool);
    const size = nodes.filter((node) => node.pool === pool).reduce((sum, of) => sum + sizeOf(of.capacity), 0);
    const deviceSeconds = work.reduce((sum, task) => sum + task.runSeconds * sizeOf(task.resources), 0);
    return deviceSeconds === 0 ? 0 : deviceSeconds / size;
  });
  return Math.max(criticalPathSeconds(tasks), ...rounds);
};

/** Lays runs out one after the other, so that the last one ends at a given time, each with room for all of its tasks. */
export const oneAfterAnother = (runs: readonly SimRun[], endAtMs: number): readonly SimRun[] => {
  let at = endAtMs;
  return runs
    .toReversed()
    .map((run) => {
      at -= criticalPathSeconds(run.tasks) * 1000;
      return { ...run, submitAtMs: at };
    })
    .reverse();
};
