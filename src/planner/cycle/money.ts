import { type Blocker, periodEnd } from '../../domain/index.js';
import type { Cluster, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { costOf } from './runtime.js';
import type { Started } from './started.js';
import { usd } from './words.js';

/** Whether a task would go over its tenant's budget: counted at its P90, by the dearest place that it lists. */
export const isOverBudget = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): boolean => {
  const budget = policy.budgets[task.tenant];
  if (budget === undefined) return false;
  const { usdPerDay = Number.POSITIVE_INFINITY, usdPerMonth = Number.POSITIVE_INFINITY } = budget;
  const { dayMicroUsd, monthMicroUsd } = cluster.spentBy(task.tenant);
  const more = neededBy(task, policy, started);
  return dayMicroUsd + more > usdPerDay * 1e6 || monthMicroUsd + more > usdPerMonth * 1e6;
};

/** What the task may cost, with what this cycle has started for its tenant. */
const neededBy = (task: WaitingTask, policy: Policy, { microUsd }: Started): number =>
  (microUsd.get(task.tenant) ?? 0) + costOf(task, policy);

/** The same in words. */
export const overBudget = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): readonly Blocker[] => {
  const budget = policy.budgets[task.tenant];
  if (budget === undefined) return [];
  const spent = cluster.spentBy(task.tenant);
  const more = neededBy(task, policy, started);
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

/** The bounds on what all tenants together may spend, and how each stands. */
const BOUNDS = [
  { period: 'hour', limit: 'usdPerHour' },
  { period: 'day', limit: 'usdPerDay' },
] as const;
type Bound = (typeof BOUNDS)[number] & { readonly limitMicroUsd: number; readonly spentMicroUsd: number };

/**
 * The bounds that are reached: so much has been spent, or was when the breaker opened. What costs nothing, and the classes that the
 * policy exempts, start all the same. A higher limit closes the breaker.
 */
const reached = (
  task: WaitingTask,
  { spending }: Cluster,
  policy: Policy,
  { allMicroUsd }: Started,
): readonly Bound[] => {
  const bounds = policy.spending;
  if (bounds === undefined || bounds.exempt.includes(task.priorityClass)) return [];
  return BOUNDS.flatMap((bound) => {
    const limitUsd = bounds[bound.limit];
    if (limitUsd === undefined) return [];
    const { microUsd, openedAtMicroUsd } = spending[bound.period];
    const found = { ...bound, limitMicroUsd: limitUsd * 1e6, spentMicroUsd: microUsd + allMicroUsd };
    const isOpen = openedAtMicroUsd !== null && found.limitMicroUsd <= openedAtMicroUsd;
    const isReached = isOpen || found.spentMicroUsd >= found.limitMicroUsd;
    return isReached && costOf(task, policy) > 0 ? [found] : [];
  });
};

/** Whether all tenants together have spent so much that nothing more starts. */
export const isStopped = (task: WaitingTask, cluster: Cluster, policy: Policy, started: Started): boolean =>
  policy.spending !== undefined && reached(task, cluster, policy, started).length > 0;

/** The same in words. */
export const stopped = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): readonly Blocker[] =>
  reached(task, cluster, policy, started).map(({ period, limitMicroUsd, spentMicroUsd }) => ({
    code: 'spending-stopped',
    detail: `all tenants together have reached the ${usd(limitMicroUsd)} that they may spend in this ${period} (${usd(spentMicroUsd)} so far); nothing more starts before ${utc(periodEnd(period, atMs))}`,
  }));

const utc = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** From when on there is money for the task; null where there never will be. */
export const affordableFrom = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): number | null => {
  const budgetedFrom = budgeted(task, cluster, policy, started, atMs);
  if (budgetedFrom === null) return null;
  const ends = reached(task, cluster, policy, started).map(({ period }) => periodEnd(period, atMs));
  return Math.max(budgetedFrom, ...ends);
};

const budgeted = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): number | null => {
  const budget = policy.budgets[task.tenant];
  if (budget === undefined) return atMs;
  const spent = cluster.spentBy(task.tenant);
  const cost = costOf(task, policy);
  const more = neededBy(task, policy, started);
  const [dayUsd, monthUsd] = [
    budget.usdPerDay ?? Number.POSITIVE_INFINITY,
    budget.usdPerMonth ?? Number.POSITIVE_INFINITY,
  ];
  if (cost > Math.min(dayUsd, monthUsd) * 1e6) return null;
  if (spent.monthMicroUsd + more > monthUsd * 1e6) return periodEnd('month', atMs);
  return spent.dayMicroUsd + more > dayUsd * 1e6 ? periodEnd('day', atMs) : atMs;
};
