import type { Explanation } from '../../api/client/index.js';

/** A task of the gpu pool as it was measured, times in epoch milliseconds. */
export interface MeasuredTask {
  readonly readyAtMs: number;
  readonly ranMs: number;
}

/**
 * How long one task would have waited had the pool served in order of arrival: the same tasks, ready when they were ready
 * and running as long as they ran, each on the first of the devices that comes free. Tasks that were ready at the same
 * time as `task` stand before it only where they come before it in the list.
 */
export const waitInArrivalOrderMs = (
  tasks: readonly MeasuredTask[],
  task: MeasuredTask,
  devices: number,
): number => {
  const freeAtMs: number[] = Array(devices).fill(0);
  for (const each of [...tasks].sort((a, b) => a.readyAtMs - b.readyAtMs)) {
    freeAtMs.sort((a, b) => a - b);
    const startMs = Math.max(each.readyAtMs, freeAtMs[0] ?? 0);
    if (each === task) return startMs - each.readyAtMs;
    freeAtMs[0] = startMs + each.ranMs;
  }
  return 0;
};

/** When a task was first decided on, and how long its attempts held their device in all. */
export const measure = (explanations: readonly Explanation[], key: string): MeasuredTask => {
  const past = explanations.filter(({ task }) => task === key).flatMap(({ past }) => past);
  const times = (kind: string) =>
    past.filter((event) => event.kind === kind).map((event) => Date.parse(event.at));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    readyAtMs: Math.min(...past.map((event) => Date.parse(event.at))),
    ranMs: sum(times('ended')) - sum(times('granted')),
  };
};
