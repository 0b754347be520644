import { POOLS } from '../../domain/index.js';
import { type Cluster, holdOf, type WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import type { Started } from './hold.js';
import { costOf } from './runtime.js';

/** One named limit in the time ahead: what is free of it at a time, and what comes free when. */
interface Stock {
  free: number;
  /** Soonest first. */
  readonly releases: { readonly atMs: number; readonly amount: number }[];
}

/** When named limits have room, by the forecasts of the work that counts against them. */
export class LimitOutlook {
  readonly #stocks = new Map<string, Stock>();

  constructor(
    private readonly cluster: Cluster,
    private readonly policy: Policy,
    private readonly started: Started,
    private readonly atMs: number,
  ) {}

  /** From when on all limits that a task counts against have room for it; null where one is too small for it. */
  freeFrom({ placement: { limits } }: WaitingTask): number | null {
    let atMs = this.atMs;
    for (const [name, amount] of Object.entries(limits)) {
      const { free, releases } = this.#stock(name);
      let left = amount - free;
      for (const release of releases) {
        if (left <= 0) break;
        left -= release.amount;
        atMs = Math.max(atMs, release.atMs);
      }
      if (left > 0) return null;
    }
    return atMs;
  }

  /** A task is expected to run from then to then. */
  take({ placement: { limits } }: WaitingTask, startMs: number, endMs: number): void {
    for (const [name, amount] of Object.entries(limits)) {
      const stock = this.#stock(name);
      while (stock.releases[0] !== undefined && stock.releases[0].atMs <= startMs)
        stock.free += stock.releases.shift()?.amount ?? 0;
      stock.free -= amount;
      stock.releases.push({ atMs: endMs, amount });
      stock.releases.sort((a, b) => a.atMs - b.atMs);
    }
  }

  #stock(name: string): Stock {
    const known = this.#stocks.get(name);
    if (known) return known;
    const limit = this.policy.limits[name] ?? Number.POSITIVE_INFINITY;
    const stock = {
      free: limit - this.cluster.inUse(name) - (this.started.limits.get(name) ?? 0),
      releases: POOLS.flatMap((pool) => [...this.cluster.pool(pool).leases.values()])
        .filter(({ placement }) => placement.limits[name] !== undefined)
        .map((lease) => ({
          atMs: holdOf(lease, lease.resources, this.atMs).endsAtMs,
          amount: lease.placement.limits[name] ?? 0,
        }))
        .sort((a, b) => a.atMs - b.atMs),
    };
    this.#stocks.set(name, stock);
    return stock;
  }
}

/** From when on the tenant's budget has room for the task; null where it never will. Days and months are those of UTC. */
export const affordableFrom = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
  atMs: number,
): number | null => {
  const budget = policy.budgets[task.tenant];
  if (budget === undefined) return atMs;
  const spent = cluster.spent.get(task.tenant) ?? { dayMicroUsd: 0, monthMicroUsd: 0 };
  const cost = costOf(task, policy);
  const more = (started.microUsd.get(task.tenant) ?? 0) + cost;
  const [dayUsd, monthUsd] = [
    budget.usdPerDay ?? Number.POSITIVE_INFINITY,
    budget.usdPerMonth ?? Number.POSITIVE_INFINITY,
  ];
  if (cost > Math.min(dayUsd, monthUsd) * 1e6) return null;
  if (spent.monthMicroUsd + more > monthUsd * 1e6) return nextMonth(atMs);
  return spent.dayMicroUsd + more > dayUsd * 1e6 ? nextDay(atMs) : atMs;
};

const DAY_MS = 86_400_000;
const nextDay = (atMs: number): number => (Math.floor(atMs / DAY_MS) + 1) * DAY_MS;
const nextMonth = (atMs: number): number => {
  const now = new Date(atMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
};
