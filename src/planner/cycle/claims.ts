import { NOTHING, POOLS, type RunningLease } from '../../domain/index.js';
import { type Cluster, holdOf, type WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { quotaClaims } from './quota.js';
import type { Started } from './started.js';

/** One bounded thing in the time ahead, a named limit or a part of a tenant's quota: what is free of it at a time, and what comes free when. */
interface Stock {
  free: number;
  /** Soonest first. */
  readonly releases: { readonly atMs: number; readonly amount: number }[];
}

/** What a task would take of one stock. */
interface Claim {
  readonly name: string;
  readonly amount: number;
  /** What is free of it now, this cycle's starts counted. */
  readonly free: number;
  /** How much of it a running lease has. */
  heldBy(lease: RunningLease): number;
}

/** When named limits and quotas have room, by the forecasts of the work that counts against them. */
export class ClaimOutlook {
  readonly #stocks = new Map<string, Stock>();

  constructor(
    private readonly cluster: Cluster,
    private readonly policy: Policy,
    private readonly started: Started,
    private readonly atMs: number,
  ) {}

  /** From when on all that a task counts against has room for it; null where one is too small for it. */
  freeFrom(task: WaitingTask): number | null {
    let atMs = this.atMs;
    for (const claim of this.#claims(task)) {
      const { free, releases } = this.#stock(claim);
      let left = claim.amount - free;
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
  take(task: WaitingTask, startMs: number, endMs: number): void {
    for (const claim of this.#claims(task)) {
      const { amount } = claim;
      const stock = this.#stock(claim);
      while (stock.releases[0] !== undefined && stock.releases[0].atMs <= startMs)
        stock.free += stock.releases.shift()?.amount ?? 0;
      stock.free -= amount;
      stock.releases.push({ atMs: endMs, amount });
      stock.releases.sort((a, b) => a.atMs - b.atMs);
    }
  }

  #claims(task: WaitingTask): readonly Claim[] {
    const { cluster, policy, started } = this;
    const { tenant, placement } = task;
    return [
      ...Object.entries(placement.limits).map(([name, amount]) => ({
        name,
        amount,
        free:
          (policy.limits[name] ?? Number.POSITIVE_INFINITY) -
          cluster.inUse(name) -
          (started.limits.get(name) ?? 0),
        heldBy: (lease: RunningLease) => lease.placement.limits[name] ?? 0,
      })),
      ...quotaClaims(task, policy).map(({ kind, most, amount }) => ({
        name: `${kind} of ${tenant}`,
        amount,
        free: most - cluster.heldBy(tenant)[kind] - (started.held.get(tenant) ?? NOTHING)[kind],
        heldBy: (lease: RunningLease) => (lease.tenant === tenant ? lease.resources[kind] : 0),
      })),
    ];
  }

  #stock({ name, free, heldBy }: Claim): Stock {
    const known = this.#stocks.get(name);
    if (known) return known;
    const stock = {
      free,
      releases: POOLS.flatMap((pool) => [...this.cluster.pool(pool).leases.values()])
        .filter((lease) => heldBy(lease) > 0)
        .map((lease) => ({
          atMs: holdOf(lease, lease.resources, this.atMs).endsAtMs,
          amount: heldBy(lease),
        }))
        .sort((a, b) => a.atMs - b.atMs),
    };
    this.#stocks.set(name, stock);
    return stock;
  }
}
