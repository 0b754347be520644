import { member } from '../../domain/document/index.js';
import { type Check, checkAll, mistake } from './check.js';

const checkRoute: Check = (draft) => {
  const pools = draft.field('pools');
  if (draft.field('route')?.prefer !== 'cheapest' || pools === undefined) return [];
  const prices = Object.values(pools).flatMap(({ usdPerDeviceHour, usdPerCoreHour }) => [
    usdPerDeviceHour,
    usdPerCoreHour,
  ]);
  if (prices.some((price) => price > 0)) return [];
  return mistake(
    ['route', 'prefer'],
    'nothing is the cheapest: no pool has a price',
    'give usdPerDeviceHour or usdPerCoreHour under pools',
  );
};

const checkBudgets: Check = ({ document }) => {
  const budgets = member(document, 'budgets');
  if (typeof budgets !== 'object' || budgets === null) return [];
  return Object.entries(budgets).flatMap(([tenant, budget]) => {
    const [day, month] = [member(budget, 'usdPerDay'), member(budget, 'usdPerMonth')];
    const path = ['budgets', tenant];
    if (day === undefined && month === undefined)
      return mistake(path, 'names no amount', 'give usdPerDay, usdPerMonth or both', 'key');
    if (typeof day !== 'number' || typeof month !== 'number' || day <= month) return [];
    return mistake(
      [...path, 'usdPerDay'],
      'a day may cost more than its month',
      'give a month at least as much as a day',
    );
  });
};

const checkQuotas: Check = ({ document }) => {
  const quotas = member(document, 'quotas');
  if (typeof quotas !== 'object' || quotas === null) return [];
  return Object.entries(quotas).flatMap(([tenant, quota]) =>
    typeof quota !== 'object' || quota === null || Object.keys(quota).length > 0
      ? []
      : mistake(['quotas', tenant], 'names no amount', 'give devices, cores or slots', 'key'),
  );
};

const checkSpending: Check = (draft) => {
  const spending = draft.field('spending');
  if (spending === undefined) return [];
  const { usdPerHour, usdPerDay } = spending;
  if (usdPerHour === undefined && usdPerDay === undefined)
    return mistake(['spending'], 'names no amount', 'give usdPerHour, usdPerDay or both', 'key');
  if (usdPerHour === undefined || usdPerDay === undefined || usdPerHour <= usdPerDay) return [];
  return mistake(
    ['spending', 'usdPerHour'],
    'an hour may cost more than its day',
    'give a day at least as much as an hour',
  );
};

const checkFallback: Check = (draft) => {
  const fallback = draft.field('fallback');
  if (fallback?.assume !== 'average' || fallback.trust > 0) return [];
  return mistake(
    ['fallback', 'trust'],
    'trusts every forecast, so that the average is never assumed',
    'give a trust of 1 or more, or write assume: forecast',
  );
};

const checkPriors: Check = ({ document }) => {
  const pools = member(document, 'pools');
  if (typeof pools !== 'object' || pools === null) return [];
  return Object.entries(pools).flatMap(([name, pool]) => {
    const prior = member(pool, 'prior');
    const [p50, p90] = [member(prior, 'p50Seconds'), member(prior, 'p90Seconds')];
    if (typeof p50 !== 'number' || typeof p90 !== 'number' || p50 <= p90) return [];
    return mistake(
      ['pools', name, 'prior', 'p50Seconds'],
      'the median is above the P90',
      'give p50Seconds at most p90Seconds',
    );
  });
};

const checkFence: Check = (draft) => {
  const [heartbeat, fence] = [draft.field('heartbeatSeconds'), draft.field('selfFenceSeconds')];
  if (heartbeat === undefined || fence === undefined || fence >= 3 * heartbeat) return [];
  return mistake(
    ['selfFenceSeconds'],
    'is less than three heartbeats, so that a hiccup of the network would kill work that is well',
    `give at least ${3 * heartbeat}`,
  );
};

/** Checks the amounts that no schema can: prices, budgets and times beside each other. */
export const checkAmounts: Check = checkAll([
  checkRoute,
  checkBudgets,
  checkQuotas,
  checkSpending,
  checkFallback,
  checkPriors,
  checkFence,
]);
