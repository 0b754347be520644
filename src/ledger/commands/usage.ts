import { type Period, periodEnd, periodStart, SignalboxError } from '../../domain/index.js';
import type { BreakerUsage, PeriodUsage, TenantUsage, UsageReport } from '../contract.js';
import { EVERYBODY } from '../state/accounts.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';

/** What tenants spend, use and hold, as it stands now; of one tenant or of all that are known. Throws `not-found`. */
export const readUsage = (tenant: string | undefined): Command<UsageReport> => ({
  apply: (draft) => () => usage(draft, tenant),
});

const usage = (draft: Draft, tenant: string | undefined): UsageReport => {
  const tenants = tenantsOf(draft);
  if (tenant !== undefined && !tenants.includes(tenant)) {
    throw new SignalboxError('not-found', `Nothing is known of a tenant ${tenant}.`);
  }
  const shown = tenant === undefined ? tenants : [tenant];
  const total = tenants.reduce((sum, name) => sum + usedBy(draft, name), 0);
  return {
    atMs: draft.atMs,
    tenants: shown.map((name) => tenantUsage(draft, name, total)),
    breaker: { hour: breaker(draft, 'hour'), day: breaker(draft, 'day') },
  };
};

/** Those who have used, spent or held anything, and those whom the policy names. */
const tenantsOf = ({ image, surroundings: { policy } }: Draft): readonly string[] => {
  const used = [...image.tenants.values()].map(({ tenant }) => tenant);
  const running = [...image.runs.values()].map(({ tenant }) => tenant);
  const named = [policy.budgets, policy.quotas ?? {}, policy.shares.weights].flatMap(Object.keys);
  return [...new Set([...used, ...running, ...image.accounts.tenants, ...named])].sort();
};

const usedBy = ({ image, atMs }: Draft, tenant: string): number =>
  image.cluster.use.after(tenant, 0, atMs).deviceSeconds;

const tenantUsage = (draft: Draft, tenant: string, totalDeviceSeconds: number): TenantUsage => {
  const { budgets, quotas, shares } = draft.surroundings.policy;
  const { usdPerDay, usdPerMonth, exhausted } = budgets[tenant] ?? {};
  const used = usedBy(draft, tenant);
  return {
    tenant,
    day: periodUsage(draft, tenant, 'day', usdPerDay),
    month: periodUsage(draft, tenant, 'month', usdPerMonth),
    exhausted: exhausted ?? null,
    share: totalDeviceSeconds > 0 ? used / totalDeviceSeconds : 0,
    weight: shares.weights[tenant] ?? 1,
    held: draft.image.cluster.heldBy(tenant),
    quota: quotas?.[tenant] ?? null,
  };
};

const periodUsage = (
  { image, atMs }: Draft,
  tenant: string,
  period: Period,
  budgetUsd: number | undefined,
): PeriodUsage => {
  const { spentMicroUsd, reservedMicroUsd, overrunMicroUsd } = image.accounts.of(tenant, period, atMs);
  const [sinceMs, untilMs] = [periodStart(period, atMs), periodEnd(period, atMs)];
  const budgetMicroUsd = budgetUsd === undefined ? null : Math.round(budgetUsd * 1e6);
  return { sinceMs, untilMs, spentMicroUsd, reservedMicroUsd, overrunMicroUsd, budgetMicroUsd };
};

const LIMITS = { hour: 'usdPerHour', day: 'usdPerDay' } as const;

const breaker = (draft: Draft, period: 'hour' | 'day'): BreakerUsage => {
  const { budgetMicroUsd: limitMicroUsd, ...usage } = periodUsage(
    draft,
    EVERYBODY,
    period,
    draft.surroundings.policy.spending?.[LIMITS[period]],
  );
  const { openedAtMicroUsd } = draft.image.accounts.of(EVERYBODY, period, draft.atMs);
  const isOpen = openedAtMicroUsd !== null && limitMicroUsd !== null && limitMicroUsd <= openedAtMicroUsd;
  return { ...usage, limitMicroUsd, isOpen };
};
