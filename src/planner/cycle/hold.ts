import { add, type Blocker, NOTHING, type Option, type Resources, sizeOf } from '../../domain/index.js';
import type { Cluster, Held, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { callsShut, shutGates } from './gate.js';
import { isOverBudget, isStopped, overBudget, stopped } from './money.js';
import { isOverQuota, overQuota } from './quota.js';
import { costOf, expectedSeconds } from './runtime.js';

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

/** What this cycle has started so far: it counts before the cluster knows of it. */
export interface Started {
  readonly limits: Map<string, number>;
  /** By tenant, for its quota. */
  readonly held: Map<string, Resources>;
  /** By tenant, for its budget. */
  readonly microUsd: Map<string, number>;
  /** By tenant, as forecast: it counts in its share. */
  readonly deviceSeconds: Map<string, number>;
  /** By what a gate guards, how many passed it. */
  readonly gates: Map<string, number>;
  /** Of all tenants. */
  allMicroUsd: number;
}

/** A cycle that has started nothing yet. */
export const nothingStarted = (): Started => ({
  limits: new Map(),
  held: new Map(),
  microUsd: new Map(),
  deviceSeconds: new Map(),
  gates: new Map(),
  allMicroUsd: 0,
});

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

/** Notes what a task that starts takes of limits, quotas, money and its tenant's share. */
export const noteStart = (task: WaitingTask, option: Option, policy: Policy, started: Started): void => {
  const { tenant } = task;
  const use = sizeOf(option.request) * expectedSeconds(task, option).p50Seconds;
  started.deviceSeconds.set(tenant, (started.deviceSeconds.get(tenant) ?? 0) + use);
  for (const [name, amount] of Object.entries(task.placement.limits))
    started.limits.set(name, (started.limits.get(name) ?? 0) + amount);
  if (policy.quotas?.[tenant] !== undefined)
    started.held.set(tenant, add(started.held.get(tenant) ?? NOTHING, option.request));
  if (policy.budgets[tenant] !== undefined)
    started.microUsd.set(tenant, (started.microUsd.get(tenant) ?? 0) + costOf(task, policy));
  if (policy.spending !== undefined) started.allMicroUsd += costOf(task, policy);
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
