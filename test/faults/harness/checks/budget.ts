import type { World } from '../system/world.js';
import { FRUGAL } from '../workload/documents.js';
import { rowsOf } from './database.js';

interface Spent {
  readonly day: string;
  readonly usd: string;
}

/**
 * Days on which more was spent than the budget allows, but for overruns: what each lease did cost counts only up to what was
 * reserved for it, since nothing may stop it there. And what the ledger itself counts.
 */
export const budgetBroken = async (world: World): Promise<string[]> => {
  const { tenants } = await world.api.usage();
  const usage = tenants.find(({ tenant }) => tenant === FRUGAL);
  if (usage === undefined) return [];
  const { spentMicroUsd, reservedMicroUsd, overrunMicroUsd, budgetMicroUsd } = usage.day;
  const budget = budgetMicroUsd ?? 0;
  const counted = spentMicroUsd + reservedMicroUsd - overrunMicroUsd;
  const days = (await rowsOf(world, BY_DAY, [FRUGAL])) as Spent[];
  world.say(
    `${FRUGAL} has spent ${counted / 1e6} of ${budget / 1e6} USD, and overrun by ${overrunMicroUsd / 1e6}`,
  );
  return [
    ...(counted > budget ? [`${FRUGAL} has spent ${counted} micro-dollars of ${budget}`] : []),
    ...days
      .filter(({ usd }) => Number(usd) > budget)
      .map(({ day, usd }) => `the leases of ${FRUGAL} on ${day} have cost ${usd} micro-dollars of ${budget}`),
  ];
};

const BY_DAY = `
  SELECT to_char(to_timestamp(granted_at_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, sum(least(
    reserved_micro_usd, greatest(0, released_at_ms - granted_at_ms) / 3600000.0 * micro_usd_per_hour)) AS usd
  FROM leases WHERE tenant = $1 AND released_at_ms IS NOT NULL GROUP BY 1`;
