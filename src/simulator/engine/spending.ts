import { microUsdOf, type Period, periodStart } from '../../domain/index.js';
import { type Cluster, NO_SPENDING, type Policy, type Spell, type Spent } from '../../planner/index.js';
import type { TaskState } from './state.js';

/**
 * What tenants with a budget spend, and where the policy bounds that what all spend together. A start reserves its cost at P90; its
 * end leaves what it did cost, unless the period of its start is over by then: all counts where it began.
 */
export class Spending {
  #day = Number.NaN;
  #month = Number.NaN;
  readonly #spent = new Map<string, Spent>();
  readonly #since = { hour: Number.NaN, day: Number.NaN };

  constructor(
    private readonly policy: Policy,
    private readonly cluster: Cluster,
  ) {}

  /** A new day's, or a new month's, budget is whole again; the breaker closes with its hour or its day. */
  roll(atMs: number): void {
    this.#rollAll(atMs);
    const [day, month] = [periodStart('day', atMs), periodStart('month', atMs)];
    if (day === this.#day) return;
    for (const [tenant, { monthMicroUsd }] of this.#spent)
      this.#set(tenant, { dayMicroUsd: 0, monthMicroUsd: month === this.#month ? monthMicroUsd : 0 });
    this.#day = day;
    this.#month = month;
  }

  /** Whether the end of a task may let others start in any pool: they share a budget, a quota, or the breaker. */
  spansPools({ of: { run } }: TaskState): boolean {
    const { budgets, quotas } = this.policy;
    return budgets[run.tenant] !== undefined || quotas?.[run.tenant] !== undefined;
  }

  /** What the whole attempt may cost, by the dearest place that it may go to. */
  costOf({ task, terms, forecast }: TaskState): number {
    return Math.max(
      ...terms.options.map(({ request }) =>
        microUsdOf(task.resources, this.policy.pools[request.pool], forecast.p90Seconds),
      ),
    );
  }

  /** The period whose end may bring money for it, the shortest; null where it needs none, or more than there ever is. */
  awaits(task: TaskState): Period | null {
    const { spending } = this.policy;
    if (this.#isBudgeted(task) && !this.#canEverPay(task)) return null;
    if (spending?.usdPerHour !== undefined) return 'hour';
    return spending !== undefined || this.#isBudgeted(task) ? 'day' : null;
  }

  /** Whether it is refused, where the policy has work refused that would go over its budget now. */
  refuses(task: TaskState): boolean {
    const { tenant } = task.of.run;
    if (this.policy.budgets[tenant]?.exhausted !== 'reject') return false;
    const { dayMicroUsd, monthMicroUsd } = this.cluster.spentBy(tenant);
    const [day, month] = this.#limits(task);
    const cost = this.costOf(task);
    return dayMicroUsd + cost > day || monthMicroUsd + cost > month;
  }

  start(task: TaskState): void {
    this.#count(task, this.costOf(task), task.grantedAtMs);
  }

  end(task: TaskState, costMicroUsd: number): void {
    this.#count(task, costMicroUsd - this.costOf(task), task.grantedAtMs);
  }

  #isBudgeted({ of }: TaskState): boolean {
    return this.policy.budgets[of.run.tenant] !== undefined;
  }

  #canEverPay(task: TaskState): boolean {
    const [day, month] = this.#limits(task);
    return this.costOf(task) <= Math.min(day, month);
  }

  #count(task: TaskState, microUsd: number, sinceMs: number): void {
    if (this.policy.spending !== undefined) this.#countAll(microUsd, sinceMs);
    if (!this.#isBudgeted(task)) return;
    const { tenant } = task.of.run;
    const { dayMicroUsd, monthMicroUsd } = this.cluster.spentBy(tenant);
    this.#set(tenant, {
      dayMicroUsd: dayMicroUsd + (sinceMs < this.#day ? 0 : microUsd),
      monthMicroUsd: monthMicroUsd + (sinceMs < this.#month ? 0 : microUsd),
    });
  }

  #rollAll(atMs: number): void {
    for (const period of ['hour', 'day'] as const) {
      const sinceMs = periodStart(period, atMs);
      if (sinceMs === this.#since[period]) continue;
      this.#since[period] = sinceMs;
      this.cluster.setSpending({ ...this.cluster.spending, [period]: NO_SPENDING[period] });
    }
  }

  #countAll(microUsd: number, sinceMs: number): void {
    const { hour, day } = this.cluster.spending;
    const { usdPerHour, usdPerDay } = this.policy.spending ?? {};
    this.cluster.setSpending({
      hour: sinceMs < this.#since.hour ? hour : spellWith(hour, microUsd, usdPerHour),
      day: sinceMs < this.#since.day ? day : spellWith(day, microUsd, usdPerDay),
    });
  }

  #set(tenant: string, spent: Spent): void {
    this.#spent.set(tenant, spent);
    this.cluster.setSpent(tenant, spent);
  }

  #limits({ of }: TaskState): readonly [day: number, month: number] {
    const { usdPerDay = Infinity, usdPerMonth = Infinity } = this.policy.budgets[of.run.tenant] ?? {};
    return [usdPerDay * 1e6, usdPerMonth * 1e6];
  }
}

/** The breaker opens once the limit is reached, and stays open though work turns out to have cost less. */
const spellWith = (spell: Spell, more: number, limitUsd = Number.POSITIVE_INFINITY): Spell => {
  const microUsd = spell.microUsd + more;
  const isReached = microUsd >= limitUsd * 1e6;
  return { microUsd, openedAtMicroUsd: isReached ? limitUsd * 1e6 : spell.openedAtMicroUsd };
};
