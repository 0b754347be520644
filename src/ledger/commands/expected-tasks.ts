import {
  ANYWHERE,
  byArrival,
  durationSeconds,
  type Forecast,
  type Pool,
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
import type { Surroundings } from '../state/draft.js';
import type { Image } from '../state/image.js';

/** What is forecast of a run that would be submitted now. */
export const expectRun = (spec: RunSpec, image: Image, around: Surroundings, atMs: number): RunForecast => {
  const tasks = mainPath(spec).map(([name, task]) => expectTask(spec, name, task, image, around, atMs));
  return forecastRun(tasks, atMs, spec.deadlineAtMs ?? null);
};

/** The tasks of a run in which nothing fails. */
const mainPath = ({ pipeline }: RunSpec): [string, Task][] => {
  const entries = Object.entries(pipeline.tasks);
  const spare = new Set(entries.flatMap(([, { onFailure }]) => [onFailure?.fallback, onFailure?.compensate]));
  return entries.filter(([name]) => !spare.has(name));
};

const expectTask = (
  spec: RunSpec,
  name: string,
  task: Task,
  image: Image,
  around: Surroundings,
  atMs: number,
): ExpectedTask => {
  const request = resourceRequest(task);
  const { pool } = request;
  const forecast = around.forecaster.predict({
    pipeline: spec.pipeline.name,
    task: name,
    pool,
    tenant: spec.tenant,
    features: {},
    ...(task.estimate === undefined ? {} : { estimateSeconds: durationSeconds(task.estimate) }),
  });
  const { usdPerDeviceHour, usdPerCoreHour } = around.policy.pools[pool];
  const usdPerHour = request.devices * usdPerDeviceHour + request.cores * usdPerCoreHour;
  return {
    name,
    needs: task.needs,
    items: Array.isArray(task.forEach) ? task.forEach.length : 1,
    parallel: parallel(image, pool, request),
    waitMs: waitNow({ spec, request, forecast, name }, image, around, atMs),
    forecast,
    microUsdPerSecond: (usdPerHour * 1e6) / 3_600,
  };
};

/** How many such tasks the pool's nodes hold when empty. */
const parallel = (image: Image, pool: Pool, request: ResourceRequest): number => {
  const kinds = (['devices', 'cores', 'memoryBytes', 'slots'] as const).filter((kind) => request[kind] > 0);
  return [...image.cluster.pool(pool).nodes.values()]
    .map(({ capacity }) => Math.min(...kinds.map((kind) => Math.floor(capacity[kind] / request[kind]))))
    .reduce((sum, held) => sum + (Number.isFinite(held) ? held : 1), 0);
};

interface Candidate {
  readonly spec: RunSpec;
  readonly name: string;
  readonly request: ResourceRequest;
  readonly forecast: Forecast;
}

/** Asks the planner itself: what it would say of such a task if it arrived now. */
const waitNow = (
  { spec, name, request, forecast }: Candidate,
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
    options: [{ request, speed: 1 }],
    placement: ANYWHERE,
    forecast,
    doneSeconds: 0,
    rank: byArrival(atMs),
    remainingDeviceSeconds: forecast.p50Seconds * sizeOf(request),
    pathSeconds: forecast.p50Seconds,
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
