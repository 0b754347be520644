import { microUsdOf } from '../../domain/index.js';
import type { Cluster, Policy } from '../../planner/index.js';
import type { TaskState } from './state.js';

const DAY_MS = 86_400_000;

/**
 * What tenants with a budget spend. A start reserves its cost at P90; its end leaves what it did cost, unless the day, or the month,
 * of its start is over by then: all counts where it began. Days and months are those of UTC.
 */
export class Spending {
  #day = Number.NaN;
  #month = Number.NaN;

  constructor(
    private readonly policy: Policy,
    private readonly spent: Cluster['spent'],
  ) {}

  /** A new day's, or a new month's, budget is whole again. */
  roll(atMs: number): void {
    const [day, month] = [dayOf(atMs), monthOf(atMs)];
    if (day === this.#day) return;
    for (const [tenant, { monthMicroUsd }] of this.spent)
      this.spent.set(tenant, { dayMicroUsd: 0, monthMicroUsd: month === this.#month ? monthMicroUsd : 0 });
    this.#day = day;
    this.#month = month;
  }

  /** Whether the tenant has a budget at all. */
  counts({ of }: TaskState): boolean {
    return this.policy.budgets[of.run.tenant] !== undefined;
  }

  /** What the whole attempt may cost, by the dearest place that it may go to. */
  costOf({ task, terms, forecast }: TaskState): number {
    return Math.max(
      ...terms.options.map(({ request }) =>
        microUsdOf(task.resources, this.policy.pools[request.pool], forecast.p90Seconds),
      ),
    );
  }

  /** Whether the budget could ever pay for it. */
  canEverPay(task: TaskState): boolean {
    const [day, month] = this.#limits(task);
    return this.costOf(task) <= Math.min(day, month);
  }

  /** Whether it is refused, where the policy has work refused that would go over its budget now. */
  refuses(task: TaskState): boolean {
    const { tenant } = task.of.run;
    if (this.policy.budgets[tenant]?.exhausted !== 'reject') return false;
    const { dayMicroUsd, monthMicroUsd } = this.spent.get(tenant) ?? NOTHING_SPENT;
    const [day, month] = this.#limits(task);
    const cost = this.costOf(task);
    return dayMicroUsd + cost > day || monthMicroUsd + cost > month;
  }

  start(task: TaskState): void {
    if (this.counts(task)) this.#add(task, this.costOf(task), Number.POSITIVE_INFINITY);
  }

  end(task: TaskState, costMicroUsd: number): void {
    if (this.counts(task)) this.#add(task, costMicroUsd - this.costOf(task), task.grantedAtMs);
  }

  #add({ of }: TaskState, microUsd: number, sinceMs: number): void {
    const { tenant } = of.run;
    const { dayMicroUsd, monthMicroUsd } = this.spent.get(tenant) ?? NOTHING_SPENT;
    this.spent.set(tenant, {
      dayMicroUsd: dayMicroUsd + (dayOf(sinceMs) < this.#day ? 0 : microUsd),
      monthMicroUsd: monthMicroUsd + (monthOf(sinceMs) < this.#month ? 0 : microUsd),
    });
  }

  #limits({ of }: TaskState): readonly [day: number, month: number] {
    const { usdPerDay = Infinity, usdPerMonth = Infinity } = this.policy.budgets[of.run.tenant] ?? {};
    return [usdPerDay * 1e6, usdPerMonth * 1e6];
  }
}

const NOTHING_SPENT = { dayMicroUsd: 0, monthMicroUsd: 0 };

/** When the next day begins. */
export const nextDay = (atMs: number): number => (dayOf(atMs) + 1) * DAY_MS;

const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS);
const monthOf = (atMs: number): number => {
  if (atMs === Number.POSITIVE_INFINITY) return atMs;
  const date = new Date(atMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};
