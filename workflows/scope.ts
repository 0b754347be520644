import type { ReadyTask, TaskError } from '../src/domain/advance.js';
import type { Features } from '../src/domain/forecast.js';
import { type FileRef, isFileRef, type JsonValue } from '../src/domain/json.js';
import {
  cacheInputs,
  durationSeconds,
  endpointsOf,
  evaluateCondition,
  fanOutItems,
  optionsOf,
  type Pipeline,
  placementOf,
  resourceRequest,
  type Scope,
  type Task,
  type TaskScope,
  toTaskRun,
} from '../src/domain/pipeline/runtime.js';
import { MAX_TASK_RUN_BYTES } from '../src/domain/run.js';
import type { TaskRun } from '../src/domain/task-activity.js';
import type { Instance } from './instance.js';

export type { Scope, TaskScope };

/** The scope of a run, which gains a task each time one is over. */
export interface RunScope extends Scope {
  readonly tasks: Record<string, TaskScope>;
}

/** What a failed evaluation leaves: the task's error, never a crash of the workflow. */
interface Failed {
  readonly error: TaskError;
}

const attempt = <Value>(evaluate: () => Value): Value | Failed => {
  try {
    return evaluate();
  } catch (cause) {
    return {
      error: { code: 'expression-failed', message: cause instanceof Error ? cause.message : String(cause) },
    };
  }
};

const withItem = (scope: Scope, { item, index }: Pick<Instance, 'item' | 'index'>): Scope =>
  index === undefined ? scope : { ...scope, item: item ?? null, index };

/** The items of a fan-out; none where the task has no `forEach`. */
export const itemsOf = (task: Task, scope: Scope): { readonly items: readonly JsonValue[] } | Failed =>
  attempt(() => ({ items: fanOutItems(task, scope) ?? [] }));

/** Whether a task's condition holds; true where it has none. */
export const conditionHolds = (
  when: string | undefined,
  scope: Scope,
  instance: Instance,
): boolean | Failed =>
  when === undefined || attempt(() => evaluateCondition(when, withItem(scope, instance)));

/** What an instance runs, every expression evaluated; an error where that is too much to send to a worker. */
export const taskRunOf = (task: Task, scope: Scope, instance: Instance): TaskRun | Failed => {
  const run = attempt(() => toTaskRun(task.run, withItem(scope, instance)));
  return 'error' in run || sizeOf(run) <= MAX_TASK_RUN_BYTES ? run : { error: tooLarge(sizeOf(run)) };
};

/** About how many bytes a value takes on its way; texts that are not ASCII take up to three times that. */
export const sizeOf = (value: object): number => JSON.stringify(value).length;

const tooLarge = (size: number): TaskError => ({
  code: 'run-too-large',
  message: `With its expressions filled in it takes ${size} bytes, the limit is ${MAX_TASK_RUN_BYTES}; write large values to a file and pass its reference.`,
  final: true,
});

/** What the policy activity is told of an instance that could start. */
export const readyTaskOf = (task: Task, scope: Scope, instance: Instance): ReadyTask => ({
  taskKey: instance.key,
  attempt: instance.attempt,
  request: resourceRequest(task),
  ...(task.placement?.pools === undefined ? {} : { options: optionsOf(task) }),
  ...placedAt(task, withItem(scope, instance)),
  features: featuresOf(task, scope, instance),
  ...(task.estimate === undefined ? {} : { estimateSeconds: durationSeconds(task.estimate) }),
  ...(task.cache ? { cacheInputs: cacheInputs(task.run, withItem(scope, instance)) } : {}),
  ...(instance.wantsMoreMemory ? { wantsMoreMemory: true } : {}),
  ...(instance.suspectNodes.length > 0 ? { suspectNodes: instance.suspectNodes } : {}),
});

/** What it asks of its node, and whom it calls; an address that cannot be told yet names nobody. */
const placedAt = (task: Task, scope: Scope): Pick<ReadyTask, 'placement'> => {
  const found = attempt(() => endpointsOf(task, scope));
  const endpoints = 'error' in found ? [] : found;
  if (task.placement === undefined && endpoints.length === 0) return {};
  return { placement: { ...placementOf(task), ...(endpoints.length > 0 ? { endpoints } : {}) } };
};

/** What may tell the runtime beforehand: parameters, the item, the attempt and the size of what comes in. */
const featuresOf = (task: Task, scope: Scope, instance: Instance): Features => ({
  ...scalars('param', scope.params),
  ...(instance.item === undefined ? {} : scalars('item', asRecord(instance.item))),
  attempt: instance.attempt,
  inputBytes: filesIn(task.needs.map((need) => scope.tasks[need]?.outputs ?? null)).reduce(
    (sum, { bytes }) => sum + bytes,
    0,
  ),
});

const asRecord = (item: JsonValue): Readonly<Record<string, JsonValue>> =>
  typeof item === 'object' && item !== null && !Array.isArray(item)
    ? (item as Readonly<Record<string, JsonValue>>)
    : { value: item };

const scalars = (prefix: string, values: Readonly<Record<string, JsonValue>>): Features =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => ['number', 'string', 'boolean'].includes(typeof value))
      .map(([key, value]) => [`${prefix}.${key}`, typeof value === 'number' ? value : String(value)]),
  );

/** Every file reference within a value. */
const filesIn = (value: unknown): FileRef[] => {
  if (isFileRef(value)) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(filesIn) : [];
};

/** The document that a child needs for its slice of a fan-out: the task itself and its fallback, free of the graph. */
export const pipelineForPart = (pipeline: Pipeline, task: string): Pipeline => {
  const own = pipeline.tasks[task] as Task;
  const fallback = own.onFailure?.fallback;
  const stand = fallback === undefined ? {} : { [fallback]: pipeline.tasks[fallback] as Task };
  return { ...pipeline, tasks: { [task]: { ...own, needs: [], forEach: [] }, ...stand } };
};
