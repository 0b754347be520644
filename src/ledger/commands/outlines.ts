import {
  durationSeconds,
  type Forecast,
  type Option,
  optionsOf,
  type Placement,
  type PriorityClass,
  placementOf,
  type ResourceRequest,
  type RunSpec,
  resourceRequest,
  sizeOf,
  type Task,
  type TaskKey,
} from '../../domain/index.js';
import type { Held } from '../../planner/index.js';
import type { TaskWork } from '../rows/index.js';
import type { Surroundings } from '../state/draft.js';
import { termsOf } from './terms.js';

/** A task of a run that has not begun: what it asks for as the policy admits it, and how long it is expected to take. */
export interface Outline {
  readonly name: string;
  readonly needs: readonly string[];
  /** How many items it fans out to; 1 where that is not known yet. */
  readonly items: number;
  readonly request: ResourceRequest;
  readonly options: readonly [Option, ...Option[]];
  readonly placement: Placement;
  readonly holds: readonly Held[];
  readonly priorityClass: PriorityClass;
  readonly forecast: Forecast;
}

/** The tasks of a run in which nothing fails, each as it would be if it became ready now. */
export const outlinesOf = (spec: RunSpec, around: Surroundings, atMs: number): readonly Outline[] => {
  const entries = Object.entries(spec.pipeline.tasks);
  const spare = new Set(entries.flatMap(([, { onFailure }]) => [onFailure?.fallback, onFailure?.compensate]));
  return entries
    .filter(([name]) => !spare.has(name))
    .map(([name, task]) => outline(spec, name, task, around, atMs));
};

const outline = (
  spec: RunSpec,
  name: string,
  task: Task,
  { forecaster, policy }: Surroundings,
  atMs: number,
): Outline => {
  const { tenant, priorityClass, deadlineAtMs = null } = spec;
  const pipeline = spec.pipeline.name;
  const asked = { request: resourceRequest(task), options: optionsOf(task), placement: placementOf(task) };
  const forecast = forecaster.predict({
    pipeline,
    task: name,
    pool: asked.request.pool,
    tenant,
    features: {},
    ...(task.estimate === undefined ? {} : { estimateSeconds: durationSeconds(task.estimate) }),
  });
  const ready = { taskKey: name as TaskKey, features: {}, ...asked };
  const run = { pipeline, tenant, deadlineAtMs };
  const terms = termsOf({ run, ready, priorityClass, forecast }, policy, atMs, atMs);
  return {
    name,
    needs: task.needs,
    items: Array.isArray(task.forEach) ? task.forEach.length : 1,
    forecast,
    request: terms?.options[0].request ?? asked.request,
    options: terms?.options ?? asked.options,
    placement: terms?.placement ?? asked.placement,
    holds: terms?.holds ?? [],
    priorityClass: terms?.priorityClass ?? priorityClass,
  };
};

/** What each task takes, with the longest path from its start to the end of the run, at P50. */
export const workOf = (outlines: readonly Outline[]): Readonly<Record<string, TaskWork>> => {
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
export const leadOf = (outlines: readonly Outline[], tasks: Readonly<Record<string, TaskWork>>): number => {
  const pathOf = ({ name }: Outline) => tasks[name]?.pathSeconds ?? 0;
  const [longest] = [...outlines].sort((a, b) => pathOf(b) - pathOf(a));
  if (longest === undefined) return 0;
  const { p50Seconds, p90Seconds } = longest.forecast;
  return pathOf(longest) * (p90Seconds / Math.max(p50Seconds, 1e-3));
};
