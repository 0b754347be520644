import type { Policy } from '../policy/read.js';

/** What one tenant has used by a moment; it decays from there. */
export interface Use {
  readonly deviceSeconds: number;
  readonly atMs: number;
}

/** What may be read of tenants' use: only their cluster changes it. */
export type SharesInUse = Pick<TenantUse, 'after' | 'shareOf' | 'weighed'>;

/**
 * What tenants have used of late, by their weights. Use decays, and all of it at one rate: who has used less than another goes on
 * having used less until one of them uses something, so the order of tenants changes on events only.
 */
export class TenantUse {
  readonly #used = new Map<string, Use>();
  /** Shares at one moment: a cycle asks for each tenant's before each of its tasks. */
  readonly #shares = new Map<string, number>();
  #sharesAtMs = Number.NaN;

  constructor(private shares: Policy['shares']) {}

  /** Goes on under other weights, or with use that counts for longer. */
  setShares(shares: Policy['shares']): void {
    this.shares = shares;
    this.#shares.clear();
  }

  /** What a tenant's use would be with so much more. */
  after(tenant: string, deviceSeconds: number, atMs: number): Use {
    return { deviceSeconds: Math.max(0, this.#at(tenant, atMs) + deviceSeconds), atMs };
  }

  get(tenant: string): Use | undefined {
    return this.#used.get(tenant);
  }

  /** Takes a tenant's use as it was stored. */
  set(tenant: string, use: Use | undefined): void {
    this.#shares.delete(tenant);
    if (use === undefined) this.#used.delete(tenant);
    else this.#used.set(tenant, use);
  }

  /** Use by weight, as of a moment. */
  shareOf(tenant: string, atMs: number): number {
    if (atMs !== this.#sharesAtMs) {
      this.#shares.clear();
      this.#sharesAtMs = atMs;
    }
    const known = this.#shares.get(tenant);
    if (known !== undefined) return known;
    const share = this.weighed(tenant, this.#at(tenant, atMs));
    this.#shares.set(tenant, share);
    return share;
  }

  /** How much so much use weighs in a tenant's share. */
  weighed(tenant: string, deviceSeconds: number): number {
    return deviceSeconds / (this.shares.weights[tenant] ?? 1);
  }

  ids(): Iterable<string> {
    return this.#used.keys();
  }

  #at(tenant: string, atMs: number): number {
    const use = this.#used.get(tenant);
    if (use === undefined) return 0;
    return use.deviceSeconds * 0.5 ** ((atMs - use.atMs) / (this.shares.halfLifeHours * 3_600_000));
  }
}
