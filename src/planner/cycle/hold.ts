import { type Blocker, type Option, sizeOf } from '../../domain/index.js';
import type { Cluster, Held, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { costOf, expectedSeconds } from './runtime.js';

/** Why a task may not start whatever is free: a hold, a closed window, a limit, a budget. All that stand, not the first only. */
export const heldBack = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): readonly Blocker[] => [
  ...task.holds.filter((held) => inForce(held, atMs)).map(({ code, detail }) => ({ code, detail })),
  ...reachedLimits(task, cluster, policy, started),
  ...emptyBudgets(task, cluster, policy, started),
];

/** What this cycle has started so far: it counts before the cluster knows of it. */
export interface Started {
  readonly limits: Map<string, number>;
  readonly microUsd: Map<string, number>;
  /** By tenant, as forecast: it counts in its share. */
  readonly deviceSeconds: Map<string, number>;
}

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
    policy.budgets[task.tenant] === undefined || emptyBudgets(task, cluster, policy, started).length === 0
  );
};

/** Notes what a task that starts takes of limits, budgets and its tenant's share. */
export const noteStart = (task: WaitingTask, option: Option, policy: Policy, started: Started): void => {
  const use = sizeOf(option.request) * expectedSeconds(task, option).p50Seconds;
  started.deviceSeconds.set(task.tenant, (started.deviceSeconds.get(task.tenant) ?? 0) + use);
  for (const [name, amount] of Object.entries(task.placement.limits))
    started.limits.set(name, (started.limits.get(name) ?? 0) + amount);
  if (policy.budgets[task.tenant] !== undefined)
    started.microUsd.set(task.tenant, (started.microUsd.get(task.tenant) ?? 0) + costOf(task, policy));
};

export const inForce = ({ fromMs, untilMs }: Held, atMs: number): boolean =>
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

const emptyBudgets = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): readonly Blocker[] => {
  const budget = policy.budgets[task.tenant];
  if (budget === undefined) return [];
  const spent = cluster.spent.get(task.tenant) ?? { dayMicroUsd: 0, monthMicroUsd: 0 };
  const more = (started.microUsd.get(task.tenant) ?? 0) + costOf(task, policy);
  const over = (limitUsd: number | undefined, used: number, span: string): readonly Blocker[] =>
    limitUsd === undefined || used + more <= limitUsd * 1e6
      ? []
      : [
          {
            code: 'budget-exhausted',
            detail: `${task.tenant} has ${usd(limitUsd * 1e6 - used)} of ${usd(limitUsd * 1e6)} left for ${span}, it needs up to ${usd(more)}`,
          },
        ];
  return [
    ...over(budget.usdPerDay, spent.dayMicroUsd, 'today'),
    ...over(budget.usdPerMonth, spent.monthMicroUsd, 'this month'),
  ];
};

const usd = (micro: number): string => `${(Math.max(0, micro) / 1e6).toFixed(2)} USD`;
