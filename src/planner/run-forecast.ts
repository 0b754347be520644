import type { Forecast, RunForecast } from '../domain/index.js';

type Interval = { readonly p50: number; readonly p90: number };

/** One task of a run that has not begun, with what its pool and its history say of it. */
export interface ExpectedTask {
  readonly name: string;
  readonly needs: readonly string[];
  /** How many items it fans out to, and how many of them its pool could hold at once. */
  readonly items: number;
  readonly parallel: number;
  /** How long work of its class waits in its pool now. */
  readonly waitMs: Interval;
  readonly forecast: Forecast;
  readonly microUsdPerSecond: number;
}

/**
 * When a run would start and finish: the longest path through its graph, each task with its pool's present wait and its own
 * runtime, a fan-out in as many rounds as its pool needs. The P90 adds up P90s, so it errs on the late side.
 */
export const forecastRun = (
  tasks: readonly ExpectedTask[],
  atMs: number,
  deadlineAtMs: number | null,
): RunForecast => {
  const finishAtMs = { p50: finish(tasks, atMs, 'p50'), p90: finish(tasks, atMs, 'p90') };
  return {
    startAtMs: { p50: start(tasks, atMs, 'p50'), p90: start(tasks, atMs, 'p90') },
    finishAtMs,
    deadline: judge(finishAtMs, deadlineAtMs),
    costMicroUsd: { p50: cost(tasks, 'p50'), p90: cost(tasks, 'p90') },
  };
};

const seconds = ({ forecast }: ExpectedTask, quantile: keyof Interval): number =>
  quantile === 'p50' ? forecast.p50Seconds : forecast.p90Seconds;

const start = (tasks: readonly ExpectedTask[], atMs: number, quantile: keyof Interval): number => {
  const waits = tasks.filter(({ needs }) => needs.length === 0).map(({ waitMs }) => waitMs[quantile]);
  return Math.round(atMs + (waits.length > 0 ? Math.min(...waits) : 0));
};

const finish = (tasks: readonly ExpectedTask[], atMs: number, quantile: keyof Interval): number => {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const known = new Map<string, number>();
  const finishOf = (task: ExpectedTask): number => {
    const before = known.get(task.name);
    if (before !== undefined) return before;
    const ready = task.needs.map((name) => byName.get(name)).map((need) => (need ? finishOf(need) : atMs));
    const rounds = Math.ceil(task.items / Math.max(1, task.parallel));
    const end = Math.max(atMs, ...ready) + task.waitMs[quantile] + rounds * seconds(task, quantile) * 1_000;
    known.set(task.name, end);
    return end;
  };
  return Math.round(Math.max(atMs, ...tasks.map(finishOf)));
};

const cost = (tasks: readonly ExpectedTask[], quantile: keyof Interval): number =>
  Math.round(
    tasks.reduce((sum, task) => sum + task.items * seconds(task, quantile) * task.microUsdPerSecond, 0),
  );

const judge = (finishAtMs: Interval, deadlineAtMs: number | null): RunForecast['deadline'] => {
  if (deadlineAtMs === null) return 'none';
  if (finishAtMs.p90 <= deadlineAtMs) return 'feasible';
  return finishAtMs.p50 <= deadlineAtMs ? 'at-risk' : 'infeasible';
};
