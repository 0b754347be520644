import { isDeepStrictEqual } from 'node:util';
import {
  ANYWHERE,
  type Forecast,
  type Option,
  type PriorityClass,
  type ReadyTask,
  taskName,
} from '../../domain/index.js';
import { type Admission, admit, heldBy, type Policy } from '../../planner/index.js';
import type { RunRow, TaskTerms } from '../rows/index.js';
import type { Command } from '../state/group-commit.js';

/** What an attempt says of itself. */
type Asked = Pick<ReadyTask, 'taskKey' | 'request' | 'options' | 'placement' | 'features'>;

/** A ready attempt with what the policy's conditions may read of it. */
export interface Candidate {
  readonly run: Pick<RunRow, 'pipeline' | 'tenant' | 'deadlineAtMs'>;
  readonly ready: Asked;
  readonly priorityClass: PriorityClass;
  readonly forecast: Forecast;
}

/** The places that a ready attempt lists. */
export const placesOf = ({
  request,
  options,
}: Pick<ReadyTask, 'request' | 'options'>): readonly [Option, ...Option[]] =>
  options ?? [{ request, speed: 1 }];

/** What an attempt asks beyond an amount of hardware, and what the policy says of it: settled when it becomes ready. */
export const termsOf = (
  candidate: Candidate,
  policy: Policy,
  readyAtMs: number,
  atMs: number,
): TaskTerms | null => {
  const { ready } = candidate;
  const admission = admit(factsOf(candidate, readyAtMs), policy, readyAtMs);
  const { rules, windows, holds } = admission;
  const isPlain = rules.length + windows.length + holds.length === 0;
  if (isPlain && ready.options === undefined && ready.placement === undefined) return null;
  const { request, options, placement = ANYWHERE } = ready;
  return {
    asked: { request, ...(options ? { options } : {}), ...(ready.placement ? { placement } : {}) },
    options: routed(placesOf(ready), admission),
    placement: { ...placement, labels: { ...placement.labels, ...admission.labels } },
    holds: heldBy(admission, policy, readyAtMs, atMs),
    rules,
    priorityClass: admission.priorityClass,
  };
};

/** A rule names the pools instead of the task: its own place there, else the same hardware of that pool. */
const routed = (
  own: readonly [Option, ...Option[]],
  { pools }: Admission,
): readonly [Option, ...Option[]] => {
  const [first] = own;
  const options = (pools ?? []).flatMap((pool) => {
    const there = own.filter(({ request }) => request.pool === pool);
    return there.length > 0 ? there : [{ ...first, request: { ...first.request, pool } }];
  });
  const [chosen, ...others] = options;
  return chosen === undefined ? own : [chosen, ...others];
};

/**
 * Settles anew, under the policy in force, what waits: a hold ends when the policy no longer has it. Done when the ledger opens and
 * when a policy comes into force; what stays as it was is not written again.
 */
export const admitAnew = (): Command<void> => ({
  apply(draft) {
    const { image, surroundings, atMs } = draft;
    for (const task of image.tasks.values()) {
      const run = image.runs.get(task.runId);
      if (task.state !== 'waiting' || run === undefined) continue;
      const { taskKey, features, forecast, readyAtMs } = task;
      const asked = task.terms?.asked ?? { request: task.request };
      const [execution] = image
        .executionsOf(run.runId)
        .filter(({ workflowId }) => workflowId === task.workflowId)
        .sort((a, b) => b.ordinal - a.ordinal);
      const priorityClass = execution?.priorityClass ?? task.priorityClass;
      const candidate = { run, ready: { taskKey, features, ...asked }, priorityClass, forecast };
      const terms = termsOf(candidate, surroundings.policy, readyAtMs, atMs);
      if (isDeepStrictEqual(terms, task.terms)) continue;
      const { request } = terms?.options[0] ?? asked;
      draft.put('tasks', { ...task, terms, request, priorityClass: terms?.priorityClass ?? priorityClass });
    }
    return () => undefined;
  },
});

const GIB = 1024 ** 3;

const factsOf = ({ run, ready, priorityClass, forecast }: Candidate, atMs: number) => {
  const { pool, devices, cores, memoryBytes, slots } = ready.request;
  const { deadlineAtMs } = run;
  return {
    pipeline: run.pipeline,
    name: taskName(ready.taskKey),
    tenant: run.tenant,
    priority: priorityClass,
    pool,
    devices,
    cores,
    memoryGiB: memoryBytes / GIB,
    slots,
    p50Seconds: forecast.p50Seconds,
    p90Seconds: forecast.p90Seconds,
    attempts: forecast.observations,
    hasDeadline: deadlineAtMs !== null,
    deadlineSeconds: deadlineAtMs === null ? 0 : (deadlineAtMs - atMs) / 1_000,
    labels: ready.placement?.labels ?? {},
    features: ready.features,
  };
};
