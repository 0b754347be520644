import type { Blocker } from '../../domain/index.js';
import type { Cluster, Held, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { callsShut, shutGates } from './gate.js';
import { isOverBudget, isStopped, overBudget, stopped } from './money.js';
import { isOverQuota, overQuota } from './quota.js';
import type { Started } from './started.js';

/** Why a task may not start whatever is free: a hold, a closed window, a limit, a quota, money. All that stand, not the first only. */
export const heldBack = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): readonly Blocker[] => [
  ...task.holds.filter((held) => inForce(held, atMs)).map(({ code, detail }) => ({ code, detail })),
  ...reachedLimits(task, cluster, policy, started),
  ...overQuota(task, cluster, policy, started),
  ...overBudget(task, cluster, policy, started),
  ...stopped(task, cluster, policy, started, atMs),
  ...shutGates(task, cluster, started),
];

/** Whether a task may start as far as all but room goes; the same as an empty `heldBack`, without words. */
export const mayStart = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): boolean => {
  for (const held of task.holds) if (inForce(held, atMs)) return false;
  for (const name in task.placement.limits) if (overLimit(name, task, cluster, policy, started)) return false;
  return (
    !isOverQuota(task, cluster, policy, started) &&
    !isOverBudget(task, cluster, policy, started) &&
    !isStopped(task, cluster, policy, started) &&
    !callsShut(task, cluster, started)
  );
};

export const inForce = ({ fromMs, untilMs }: Pick<Held, 'fromMs' | 'untilMs'>, atMs: number): boolean =>
  fromMs <= atMs && (untilMs === null || atMs < untilMs);

const overLimit = (
  name: string,
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): boolean => {
  const limit = policy.limits[name];
  if (limit === undefined) return false;
  return cluster.inUse(name) + (started.limits.get(name) ?? 0) + (task.placement.limits[name] ?? 0) > limit;
};

const reachedLimits = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): readonly Blocker[] =>
  Object.keys(task.placement.limits)
    .filter((name) => overLimit(name, task, cluster, policy, started))
    .map((name) => ({
      code: 'limit-reached',
      detail: `${name}: ${cluster.inUse(name) + (started.limits.get(name) ?? 0)} of ${policy.limits[name]} in use, it needs ${task.placement.limits[name]}`,
    }));
