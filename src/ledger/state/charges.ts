import { microUsdOf, type Period, periodEnd, periodStart } from '../../domain/index.js';
import type { Grant } from '../../planner/index.js';
import type { LeaseRow, SpendingRow } from '../rows/index.js';
import { accountKey, EVERYBODY, periodsOf } from './accounts.js';
import type { Draft } from './draft.js';

/** What a lease costs by the hour, and what is reserved for it: so much for so long. By the prices now; it keeps them. */
export const priceOf = (
  { surroundings: { policy } }: Draft,
  { pool, option: { request } }: Pick<Grant, 'pool' | 'option'>,
  seconds: number,
): Pick<LeaseRow, 'microUsdPerHour' | 'reservedMicroUsd' | 'overrunMicroUsd'> => ({
  microUsdPerHour: microUsdOf(request, policy.pools[pool], 3_600),
  reservedMicroUsd: microUsdOf(request, policy.pools[pool], seconds),
  overrunMicroUsd: 0,
});

/** What a lease has cost by a moment. */
const costBy = ({ microUsdPerHour, grantedAtMs }: LeaseRow, atMs: number): number =>
  Math.round((microUsdPerHour * Math.max(0, atMs - grantedAtMs)) / 3_600_000);

/** A lease has ended: what it did cost takes the place of what was reserved, in the periods in which it began. */
export const charge = (draft: Draft, lease: LeaseRow): void => {
  const { tenant, grantedAtMs, reservedMicroUsd } = lease;
  const microUsd = costBy(lease, draft.atMs);
  if (tenant === null || microUsd === 0) return;
  const overrunMicroUsd = Math.max(0, microUsd - reservedMicroUsd);
  if (overrunMicroUsd > 0 && lease.overrunMicroUsd === 0) reportOverrun(draft, lease, microUsd);
  for (const who of [tenant, EVERYBODY])
    for (const period of periodsOf(who)) {
      const before = accountOf(draft, who, period, grantedAtMs);
      draft.put('spending', {
        ...before,
        microUsd: before.microUsd + microUsd,
        overrunMicroUsd: before.overrunMicroUsd + overrunMicroUsd,
      });
    }
};

const accountOf = (draft: Draft, tenant: string, period: Period, atMs: number): SpendingRow => {
  const sinceMs = periodStart(period, atMs);
  const empty = { tenant, period, sinceMs, microUsd: 0, overrunMicroUsd: 0, openedAtMicroUsd: null };
  return draft.image.spending.get(accountKey(empty)) ?? empty;
};

/** What a lease that has outrun its reservation is counted at is raised by so much at once, so that few rows are written for it. */
const STEP = 1.1;

/** Work that goes on beyond its P90 counts with what it costs, so that others wait for the money. */
export const countOverruns = (draft: Draft): void => {
  for (const lease of draft.image.leasesWhere(({ microUsdPerHour }) => microUsdPerHour > 0)) {
    const { tenant, reservedMicroUsd, overrunMicroUsd } = lease;
    const counted = reservedMicroUsd + overrunMicroUsd;
    const microUsd = costBy(lease, draft.atMs);
    if (tenant === null || microUsd <= counted) continue;
    const raised = Math.max(microUsd, Math.ceil(counted * STEP));
    draft.put('leases', { ...lease, overrunMicroUsd: raised - reservedMicroUsd });
    if (overrunMicroUsd === 0) reportOverrun(draft, lease, microUsd);
  }
};

/** Told once of each lease, where there is a budget that it may break. */
const reportOverrun = (draft: Draft, lease: LeaseRow, microUsd: number): void => {
  const { tenant, runId, taskKey, attempt, nodeId, leaseId, reservedMicroUsd } = lease;
  const { budgets, spending } = draft.surroundings.policy;
  if (tenant === null || (budgets[tenant] === undefined && spending === undefined)) return;
  const detail = { leaseId, tenant, microUsd, reservedMicroUsd };
  draft.event({ kind: 'budget-overrun', runId, taskKey, attempt, nodeId, detail });
};

const LIMITS = [
  { period: 'hour', limit: 'usdPerHour' },
  { period: 'day', limit: 'usdPerDay' },
] as const;

/** Opens the breaker over all tenants where they have reached a limit: it stays open until the period ends or the limit is raised. */
export const stopSpending = (draft: Draft): void => {
  const bounds = draft.surroundings.policy.spending;
  if (bounds === undefined) return;
  for (const { period, limit } of LIMITS) {
    const limitMicroUsd = (bounds[limit] ?? Number.POSITIVE_INFINITY) * 1e6;
    const { microUsd } = draft.image.cluster.spending[period];
    const row = accountOf(draft, EVERYBODY, period, draft.atMs);
    const isOpen = row.openedAtMicroUsd !== null && limitMicroUsd <= row.openedAtMicroUsd;
    if (isOpen || microUsd === 0 || microUsd < limitMicroUsd) continue;
    const openedAtMicroUsd = Math.round(limitMicroUsd);
    draft.put('spending', { ...row, openedAtMicroUsd });
    const untilMs = periodEnd(period, draft.atMs);
    draft.event({
      kind: 'spending-stopped',
      detail: { period, limitMicroUsd: openedAtMicroUsd, microUsd, untilMs },
    });
  }
};
