import {
  durationSeconds,
  optionsOf,
  type Pool,
  placementOf,
  type ResourceRequest,
  type RunForecast,
  type RunId,
  type RunSpec,
  resourceRequest,
  sizeOf,
  type Task,
  type TaskKey,
} from '../../domain/index.js';
import { type ExpectedTask, forecastRun, plan, type WaitingTask } from '../../planner/index.js';
import type { TaskWork, WorkRow } from '../rows.js';
import { loadsWith } from '../state/arriving.js';
import type { Surroundings } from '../state/draft.js';
import type { Image } from '../state/image.js';
import { rankOf } from '../state/load.js';

/** What is forecast of a run that would be submitted now, and the work that it would bring. */
export interface ExpectedRun {
  readonly forecast: RunForecast;
  readonly work: WorkRow;
  /** By pool, in device-seconds. */
  readonly arriving: Readonly<Record<Pool, number>>;
  readonly tasks: readonly (ExpectedTask & Pick<WaitingTask, 'options'>)[];
}

/** Forecasts each task of the run, then asks the planner what each would have to wait for. */
export const expectRun = (spec: RunSpec, image: Image, around: Surroundings, atMs: number): ExpectedRun => {
  const outlines = mainPath(spec).map(([name, task]) => outline(spec, name, task, image, around));
  const tasks = workOf(outlines);
  const arriving = { gpu: 0, cpu: 0, io: 0 };
  for (const { pool, items, deviceSeconds } of Object.values(tasks)) arriving[pool] += items * deviceSeconds;
  const deadlineAtMs = spec.deadlineAtMs ?? null;
  const loads = loadsWith(image, arriving);
  const work = { runId: spec.runId, loads, leadSeconds: leadOf(outlines, tasks), tasks };
  const expected = outlines.map((task) => ({
    ...task,
    waitMs: waitNow({ spec, ...task }, { work, arriving }, image, around, atMs),
  }));
  return { forecast: forecastRun(expected, atMs, deadlineAtMs), work, arriving, tasks: expected };
};

/** The tasks of a run in which nothing fails. */
const mainPath = ({ pipeline }: RunSpec): [string, Task][] => {
  const entries = Object.entries(pipeline.tasks);
  const spare = new Set(entries.flatMap(([, { onFailure }]) => [onFailure?.fallback, onFailure?.compensate]));
  return entries.filter(([name]) => !spare.has(name));
};

/** A task of a run that has not begun, before anybody has asked how long it would wait. */
type Outline = Omit<ExpectedTask, 'waitMs'> &
  Pick<WaitingTask, 'options' | 'placement'> & { readonly request: ResourceRequest };

const outline = (
  spec: RunSpec,
  name: string,
  task: Task,
  image: Image,
  { forecaster, policy }: Surroundings,
): Outline => {
  const request = resourceRequest(task);
  const { pool } = request;
  const { usdPerDeviceHour, usdPerCoreHour } = policy.pools[pool];
  const usdPerHour = request.devices * usdPerDeviceHour + request.cores * usdPerCoreHour;
  const forecast = forecaster.predict({
    pipeline: spec.pipeline.name,
    task: name,
    pool,
    tenant: spec.tenant,
    features: {},
    ...(task.estimate === undefined ? {} : { estimateSeconds: durationSeconds(task.estimate) }),
  });
  return {
    name,
    request,
    options: optionsOf(task),
    placement: placementOf(task),
    needs: task.needs,
    items: Array.isArray(task.forEach) ? task.forEach.length : 1,
    parallel: parallel(image, pool, request),
    forecast,
    microUsdPerSecond: (usdPerHour * 1e6) / 3_600,
  };
};

/** What each task takes, with the longest path from its start to the end of the run, at P50. */
const workOf = (outlines: readonly Outline[]): Readonly<Record<string, TaskWork>> => {
  const followers = new Map<string, Outline[]>();
  for (const task of outlines)
    for (const need of task.needs) followers.set(need, [...(followers.get(need) ?? []), task]);
  const paths = new Map<string, number>();
  const pathOf = (task: Outline): number => {
    const known = paths.get(task.name);
    if (known !== undefined) return known;
    const after = (followers.get(task.name) ?? []).map(pathOf);
    const path = task.forecast.p50Seconds + Math.max(0, ...after);
    paths.set(task.name, path);
    return path;
  };
  return Object.fromEntries(
    outlines.map((task) => {
      const { name, items, forecast, request } = task;
      const deviceSeconds = forecast.p50Seconds * sizeOf(request);
      return [name, { pool: request.pool, items, deviceSeconds, pathSeconds: pathOf(task) }];
    }),
  );
};

/** How long before its deadline the run must have started, at the P90 of its longest path. */
const leadOf = (outlines: readonly Outline[], tasks: Readonly<Record<string, TaskWork>>): number => {
  const pathOf = ({ name }: Outline) => tasks[name]?.pathSeconds ?? 0;
  const [longest] = [...outlines].sort((a, b) => pathOf(b) - pathOf(a));
  if (longest === undefined) return 0;
  const { p50Seconds, p90Seconds } = longest.forecast;
  return pathOf(longest) * (p90Seconds / Math.max(p50Seconds, 1e-3));
};

/** How many such tasks the pool's nodes hold when empty. */
const parallel = (image: Image, pool: Pool, request: ResourceRequest): number => {
  const kinds = (['devices', 'cores', 'memoryBytes', 'slots'] as const).filter((kind) => request[kind] > 0);
  return [...image.cluster.pool(pool).nodes.values()]
    .map(({ capacity }) => Math.min(...kinds.map((kind) => Math.floor(capacity[kind] / request[kind]))))
    .reduce((sum, held) => sum + (Number.isFinite(held) ? held : 1), 0);
};

/** Asks the planner itself: what it would say of such a task if it arrived now. */
const waitNow = (
  { spec, name, request, options, placement, forecast }: Outline & { readonly spec: RunSpec },
  { work, arriving }: Pick<ExpectedRun, 'work' | 'arriving'>,
  image: Image,
  { policy }: Surroundings,
  atMs: number,
): { p50: number; p90: number } => {
  const task: WaitingTask = {
    id: `${spec.runId}/${name}#1`,
    runId: spec.runId as RunId,
    taskKey: name as TaskKey,
    tenant: spec.tenant,
    priorityClass: spec.priorityClass,
    arrival: image.head.arrivals + 1,
    readyAtMs: atMs,
    options,
    placement,
    forecast,
    doneSeconds: 0,
    rank: rankOf({ createdAtMs: atMs, deadlineAtMs: spec.deadlineAtMs ?? null }, work, request.pool, policy),
    remainingDeviceSeconds: arriving[request.pool],
    pathSeconds: work.tasks[name]?.pathSeconds ?? forecast.p50Seconds,
    deadlineAtMs: spec.deadlineAtMs ?? null,
    holds: [],
    suspectNodes: [],
    preemptions: 0,
    promised: false,
  };
  const { cluster } = image;
  cluster.setTask(task);
  const { deferrals } = plan(cluster, policy, atMs, { pools: [request.pool], asked: new Set([task.id]) });
  cluster.removeTask(task.id);
  const found = deferrals.find(({ id }) => id === task.id);
  return { p50: (found?.etaP50Ms ?? atMs) - atMs, p90: (found?.etaP90Ms ?? atMs) - atMs };
};
