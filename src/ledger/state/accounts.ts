import { isDeepStrictEqual } from 'node:util';
import { type Period, periodStart } from '../../domain/index.js';
import type { Cluster } from '../../planner/index.js';
import type { LeaseRow, SpendingRow } from '../rows/index.js';
import type { HotTable } from './hot-table.js';

/** All tenants together, in the place of a tenant's name. */
export const EVERYBODY = '';

/** Which periods are counted of whom: a tenant's for its budget, everybody's for the breaker. */
export const periodsOf = (tenant: string): readonly Period[] =>
  tenant === EVERYBODY ? ['hour', 'day'] : ['day', 'month'];

/** The key of what somebody spends in a period. */
export const accountKey = ({
  tenant,
  period,
  sinceMs,
}: Pick<SpendingRow, 'tenant' | 'period' | 'sinceMs'>): string => `${period}/${sinceMs}/${tenant}`;

/** What running work counts for, in micro-dollars: its cost at P90, and what goes beyond that already. */
interface Reserved {
  readonly microUsd: number;
  readonly overrunMicroUsd: number;
}

/** What somebody spends in a period, in micro-dollars. */
export interface Account {
  /** Of work that has ended. */
  readonly spentMicroUsd: number;
  /** Of work that runs: its cost at P90, or what it has cost by now where that is more. */
  readonly reservedMicroUsd: number;
  /** What of both goes beyond what was reserved when the work began. */
  readonly overrunMicroUsd: number;
  /** The limit at which the breaker opened; null where it has not. */
  readonly openedAtMicroUsd: number | null;
}

const NOTHING: Reserved = { microUsd: 0, overrunMicroUsd: 0 };

/**
 * What tenants, and all of them together, have spent and reserved, by the period in which the work began: stored rows of what has
 * ended, and live leases. It tells the planner what counts in the periods of a moment.
 */
export class Accounts {
  readonly #reserved = new Map<string, Reserved>();
  readonly #known = new Set<string>();
  #atMs = Number.NaN;

  constructor(
    private readonly rows: HotTable<SpendingRow>,
    private readonly cluster: Cluster,
  ) {}

  /** Time goes on: new periods begin with nothing spent. */
  at(atMs: number): void {
    const isSameHour = periodStart('hour', atMs) === periodStart('hour', this.#atMs);
    this.#atMs = atMs;
    if (isSameHour) return;
    for (const tenant of [...this.#known, EVERYBODY]) this.#tell(tenant);
  }

  /** Everybody who has spent or reserved anything. */
  get tenants(): readonly string[] {
    return [...this.#known].filter((tenant) => tenant !== EVERYBODY);
  }

  /** What somebody spends in the period of a moment. */
  of(tenant: string, period: Period, atMs: number): Account {
    const key = accountKey({ tenant, period, sinceMs: periodStart(period, atMs) });
    const row = this.rows.get(key);
    const { microUsd, overrunMicroUsd } = this.#reserved.get(key) ?? NOTHING;
    return {
      spentMicroUsd: row?.microUsd ?? 0,
      reservedMicroUsd: microUsd + overrunMicroUsd,
      overrunMicroUsd: (row?.overrunMicroUsd ?? 0) + overrunMicroUsd,
      openedAtMicroUsd: row?.openedAtMicroUsd ?? null,
    };
  }

  /** What somebody has spent in some period is another amount now. */
  changed(tenant: string): void {
    this.#known.add(tenant);
    this.#tell(tenant);
  }

  /** A lease begins, counts for more, or ends. */
  reserve(before: LeaseRow | undefined, after: LeaseRow | undefined): void {
    const [was, is] = [reservedOf(before), reservedOf(after)];
    const lease = after ?? before;
    if (lease === undefined || lease.tenant === null) return;
    if (was.microUsd === is.microUsd && was.overrunMicroUsd === is.overrunMicroUsd) return;
    for (const tenant of [lease.tenant, EVERYBODY]) {
      for (const period of periodsOf(tenant))
        this.#add(accountKey({ tenant, period, sinceMs: periodStart(period, lease.grantedAtMs) }), {
          microUsd: is.microUsd - was.microUsd,
          overrunMicroUsd: is.overrunMicroUsd - was.overrunMicroUsd,
        });
      this.changed(tenant);
    }
  }

  #add(key: string, more: Reserved): void {
    const before = this.#reserved.get(key) ?? NOTHING;
    const microUsd = before.microUsd + more.microUsd;
    const overrunMicroUsd = before.overrunMicroUsd + more.overrunMicroUsd;
    if (microUsd === 0 && overrunMicroUsd === 0) this.#reserved.delete(key);
    else this.#reserved.set(key, { microUsd, overrunMicroUsd });
  }

  #tell(tenant: string): void {
    const atMs = this.#atMs;
    if (Number.isNaN(atMs)) return;
    const counted = (period: Period) => {
      const { spentMicroUsd, reservedMicroUsd, openedAtMicroUsd } = this.of(tenant, period, atMs);
      return { microUsd: spentMicroUsd + reservedMicroUsd, openedAtMicroUsd };
    };
    if (tenant === EVERYBODY) {
      const next = { hour: counted('hour'), day: counted('day') };
      if (!isDeepStrictEqual(next, this.cluster.spending)) this.cluster.setSpending(next);
      return;
    }
    const next = { dayMicroUsd: counted('day').microUsd, monthMicroUsd: counted('month').microUsd };
    if (!isDeepStrictEqual(next, this.cluster.spentBy(tenant))) this.cluster.setSpent(tenant, next);
  }
}

const reservedOf = (lease: LeaseRow | undefined): Reserved =>
  lease === undefined || lease.state === 'released'
    ? NOTHING
    : { microUsd: lease.reservedMicroUsd, overrunMicroUsd: lease.overrunMicroUsd };
