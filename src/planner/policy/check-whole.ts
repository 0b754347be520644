import { type Mistake, member, type Path } from '../../domain/document/index.js';
import { PRIORITY_CLASSES } from '../../domain/index.js';
import type { Draft } from './draft.js';

/** What no schema can say: how a policy's parts fit together. A part that could not be read is left out. */
export const checkWhole = (draft: Draft): readonly Mistake[] => CHECKS.flatMap((check) => check(draft));

type Check = (draft: Draft) => readonly Mistake[];

const mistake = (path: Path, message: string, mend: string, at?: 'key'): readonly Mistake[] => [
  { path, message, mend, ...(at && { at }) },
];
const given = ({ document }: Draft, ...path: readonly string[]): boolean =>
  path.reduce<unknown>(member, document) !== undefined;

const checkOrder: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined) return [];
  const twice = order.findIndex((part, index) => order.indexOf(part) < index);
  if (twice >= 0) return mistake(['order', twice], `"${order[twice]}" is named twice`, 'name it once');
  const sorted = [...order].sort();
  if (sorted.join() === order.join()) return [];
  return mistake(
    ['order'],
    'class comes before share, and share before size',
    `write [${sorted.join(', ')}]`,
  );
};

const checkClasses: Check = (draft) => {
  const classes = draft.field('classes') ?? [];
  const twice = classes.findIndex((name, index) => classes.indexOf(name) < index);
  const missing = PRIORITY_CLASSES.filter((name) => !classes.includes(name));
  return [
    ...(twice < 0
      ? []
      : mistake(['classes', twice], `"${classes[twice]}" is named twice`, 'name each class once')),
    ...(classes.length === 0 || missing.length === 0
      ? []
      : mistake(['classes'], `leaves out ${missing.join(', ')}`, 'name each class once')),
  ];
};

const checkSize: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined) return [];
  const bySize = order.includes('size');
  if (bySize && !given(draft, 'size'))
    return mistake(
      ['order'],
      'goes by size, and nothing says how',
      'add size: { bound: 1.5 }, or take size out of it',
    );
  if (!bySize && given(draft, 'size'))
    return mistake(
      ['size'],
      'says how size counts, and the order lacks it',
      'add size to the order, or take this out',
      'key',
    );
  if (draft.field('size')?.bound !== 'none' || !given(draft, 'size', 'slope')) return [];
  return mistake(
    ['size', 'slope'],
    'means nothing where the bound is none',
    'take it out, or give a bound',
    'key',
  );
};

const checkDeadlines: Check = (draft) => {
  const order = draft.field('order');
  if (draft.field('deadlines') !== 'lift' || order === undefined) return [];
  const mend = 'give size with a bound, or write deadlines: ignore';
  if (!order.includes('size')) return mistake(['deadlines'], 'cannot lift where the order lacks size', mend);
  if (draft.field('size')?.bound !== 'none') return [];
  return mistake(['deadlines'], 'cannot lift where the bound of size is none', mend);
};

const checkPreemption: Check = (draft) => {
  const order = draft.field('order');
  const victims = draft.field('preemption')?.victims;
  if (victims === undefined || order === undefined) return [];
  const wanted = victims === 'lower-class' ? 'class' : 'size';
  if (order.includes(wanted)) return [];
  return mistake(
    ['preemption', 'victims'],
    `${victims} goes by ${wanted}, which the order lacks`,
    `add ${wanted} to the order, or take preemption out`,
  );
};

const checkShares: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined || order.includes('share') || !given(draft, 'shares')) return [];
  return mistake(
    ['shares'],
    'says how tenants share, and the order lacks share',
    'add share to the order, or take this out',
    'key',
  );
};

/** A class that a rule gives decides nothing where neither the order nor preemption looks at it. */
const checkRuleClasses: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined || order.includes('class')) return [];
  return draft
    .elements('rule')
    .flatMap(({ path, raw }) =>
      member(raw, 'priorityClass') === undefined
        ? []
        : mistake(
            [...path, 'priorityClass'],
            'gives a class, and the order lacks class',
            'add class to the order, or take this out',
            'key',
          ),
    );
};

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

const CHECKS: readonly Check[] = [
  checkOrder,
  checkClasses,
  checkSize,
  checkDeadlines,
  checkPreemption,
  checkShares,
  checkRuleClasses,
  checkRoute,
  checkBudgets,
  checkFallback,
  checkPriors,
  checkFence,
];
