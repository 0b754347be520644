import {
  type Pool,
  type PriorityClass,
  type RunForecast,
  type RunId,
  type RunSpec,
  sizeOf,
  type TaskKey,
} from '../../domain/index.js';
import { forecastWithOffers, type WaitingTask } from '../../planner/index.js';
import type { WorkRow } from '../rows/index.js';
import { loadsWith } from '../state/arriving.js';
import type { Surroundings } from '../state/draft.js';
import type { Image } from '../state/image.js';
import { rankOf } from '../state/load.js';
import { leadOf, type Outline, outlinesOf, workOf } from './outlines.js';

/** What is forecast of a run that would be submitted now, and the work that it would bring. */
export interface ExpectedRun {
  readonly forecast: RunForecast;
  readonly work: WorkRow;
  /** By pool, in device-seconds. */
  readonly arriving: Readonly<Record<Pool, number>>;
  readonly tasks: readonly Outline[];
}

/** Forecasts each task of the run, then asks the planner what each would have to wait for. */
export const expectRun = (spec: RunSpec, image: Image, around: Surroundings, atMs: number): ExpectedRun => {
  const outlines = outlinesOf(spec, around, atMs);
  const tasks = workOf(outlines);
  const arriving = { gpu: 0, cpu: 0, io: 0 };
  for (const { pool, items, deviceSeconds } of Object.values(tasks)) arriving[pool] += items * deviceSeconds;
  const loads = loadsWith(image, arriving);
  const work = { runId: spec.runId, loads, leadSeconds: leadOf(outlines, tasks), tasks };
  const { runId, tenant, deadlineAtMs = null } = spec;
  const run = { runId, tenant, deadlineAtMs, createdAtMs: atMs, paused: false };
  const asks = asker({ run, work, left: (pool) => arriving[pool] }, image, around, atMs);
  const expected = outlines.map(({ name, needs, items, ...task }) => ({
    name,
    needs,
    running: [],
    waiting: [],
    coming: { items, asks: asks({ name, needs, items, ...task }) },
  }));
  const forecast = forecastWithOffers({ tasks: expected, deadlineAtMs }, image.cluster, around.policy, atMs);
  return { forecast, work, arriving, tasks: outlines };
};

/** What the planner must know of the run to which a task belongs that has not come yet. */
interface OfRun {
  readonly run: {
    readonly runId: RunId;
    readonly tenant: string;
    readonly deadlineAtMs: number | null;
    readonly createdAtMs: number;
    readonly paused: boolean;
  };
  readonly work: WorkRow;
  /** Device-seconds that the run has still to do. */
  readonly left: (pool: Pool) => number;
}

/** Makes of an outline what the planner would see of the task if it became ready now; `over`: what is known of it besides. */
export const asker =
  ({ run, work, left }: OfRun, image: Image, { policy }: Surroundings, atMs: number) =>
  (
    { name, request, options, placement, holds, priorityClass, forecast }: Outline,
    over: { readonly priorityClass?: PriorityClass; readonly doneSeconds?: number } = {},
  ): WaitingTask => ({
    id: `${run.runId}/${name}#to-come`,
    runId: run.runId,
    taskKey: name as TaskKey,
    tenant: run.tenant,
    priorityClass: over.priorityClass ?? priorityClass,
    arrival: image.head.arrivals + 1,
    readyAtMs: atMs,
    options,
    placement,
    forecast: { ...forecast, p50Seconds: Math.max(forecast.p50Seconds, 1e-3) },
    doneSeconds: over.doneSeconds ?? 0,
    rank: rankOf(run, work, request.pool, policy),
    remainingDeviceSeconds: Math.max(left(request.pool), forecast.p50Seconds * sizeOf(request)),
    pathSeconds: work.tasks[name]?.pathSeconds ?? forecast.p50Seconds,
    deadlineAtMs: run.deadlineAtMs,
    holds,
    suspectNodes: [],
    preemptions: 0,
    promised: false,
  });
