/** What a tenant has spent this day and this month (UTC), in micro-dollars: what has ended, and what running work is expected to cost. */
export interface Spent {
  readonly dayMicroUsd: number;
  readonly monthMicroUsd: number;
}

export const UNSPENT: Spent = { dayMicroUsd: 0, monthMicroUsd: 0 };

/** What all tenants together have spent in one period, and at which limit the breaker has opened in it, if it has. */
export interface Spell {
  readonly microUsd: number;
  readonly openedAtMicroUsd: number | null;
}

/** The same of this hour and this day (UTC). */
export interface Spending {
  readonly hour: Spell;
  readonly day: Spell;
}

const QUIET: Spell = { microUsd: 0, openedAtMicroUsd: null };
export const NO_SPENDING: Spending = { hour: QUIET, day: QUIET };
