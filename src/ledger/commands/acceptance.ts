import {
  microUsdOf,
  optionsOf,
  POOLS,
  type Pool,
  periodStart,
  type RunForecast,
  type RunSpec,
  resourceRequest,
  SignalboxError,
} from '../../domain/index.js';
import { amountOf, count, span, usd } from '../../planner/index.js';
import type { Draft } from '../state/draft.js';
import type { ExpectedRun } from './expected-run.js';

/** What stands against a run that could run: why it is refused now, if it is, and what its people should know. */
export interface Objections {
  readonly refusal: SignalboxError | null;
  readonly warnings: readonly string[];
}

/** Asks the policy's budgets and quotas about a run that would be submitted now. */
export const objectionsTo = (spec: RunSpec, expected: ExpectedRun, draft: Draft): Objections => {
  const money = moneyFor(spec, expected, draft);
  return { refusal: money.refusal, warnings: [...money.warnings, ...overQuotas(spec, draft)] };
};

/**
 * The refusal of a run because a queue that its tasks would go to is full; null where none is. Work of accepted runs is never refused,
 * however long it is deferred. It costs no forecast, for it is asked when there is too much to do.
 */
export const fullQueue = (spec: RunSpec, { image, surroundings }: Draft): SignalboxError | null => {
  const { queues } = surroundings.policy;
  if (queues === undefined || queues.exempt.includes(spec.priorityClass)) return null;
  const pools = new Set(Object.values(spec.pipeline.tasks).map((task) => resourceRequest(task).pool));
  for (const pool of POOLS) {
    const limit = queues.limits[pool];
    const waiting = image.cluster.pool(pool).queue.size;
    if (limit === undefined || !pools.has(pool) || waiting < limit) continue;
    const seconds = drainSeconds(pool, waiting, limit, { image });
    const exempt = queues.exempt.length > 0 ? `; class ${queues.exempt.join(' or ')} is still accepted` : '';
    return new SignalboxError(
      'queue-full',
      `${count(waiting, 'task')} wait in pool ${pool}, and the policy's limit is ${limit}: try again in about ${span(seconds * 1_000)}${exempt}.`,
      [],
      { retryAfterSeconds: seconds },
    );
  }
  return null;
};

/** A tenth of the limit below it there is room for more than one to come back. */
const HEADROOM = 0.1;
/** Where nobody can know, and at most. */
const UNKNOWN_SECONDS = 60;
const LONGEST_SECONDS = 3_600;

/** How long the queue takes to fall well below its limit, at the rate at which the pool gets through its work. */
const drainSeconds = (
  pool: Pool,
  waiting: number,
  limit: number,
  { image }: Pick<Draft, 'image'>,
): number => {
  const size = image.sizeOf(pool);
  const unfinished = image.head.loads[pool]?.unfinishedDeviceSeconds ?? 0;
  if (size === 0 || unfinished === 0) return UNKNOWN_SECONDS;
  const excess = waiting - limit * (1 - HEADROOM);
  return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(((unfinished / size) * excess) / waiting)));
};

/** What the tenant's budget says of the run's cost. */
const moneyFor = (spec: RunSpec, { forecast, tasks }: ExpectedRun, draft: Draft): Objections => {
  const { tenant } = spec;
  const { pools, budgets } = draft.surroundings.policy;
  const budget = budgets[tenant];
  if (budget === undefined) return { refusal: null, warnings: [] };
  const rejects = budget.exhausted === 'reject';
  const whole = Math.min(budget.usdPerDay ?? Infinity, budget.usdPerMonth ?? Infinity) * 1e6;
  const warnings = tasks.flatMap(({ name, options, forecast: { p90Seconds } }) => {
    const microUsd = Math.max(
      ...options.map(({ request, speed }) => microUsdOf(request, pools[request.pool], p90Seconds / speed)),
    );
    if (microUsd <= whole) return [];
    const fate = rejects ? 'will be refused' : 'can never start under this policy';
    return [
      `task ${name} may cost ${usd(microUsd)}, more than ${tenant}'s whole budget of ${usd(whole)}: it ${fate}`,
    ];
  });
  const left = leftFor(tenant, forecast, draft);
  if (left === null || forecast.costMicroUsd.p90 <= left.microUsd) return { refusal: null, warnings };
  const { p50, p90 } = forecast.costMicroUsd;
  const exceeds = p50 > left.microUsd;
  const cost = `the run costs about ${usd(p50)}, in 9 of 10 cases under ${usd(p90)}`;
  const story = `${tenant} has ${usd(left.microUsd)} of its ${usd(left.ofMicroUsd)} left for ${left.span}; ${cost}`;
  const fate = rejects ? 'be refused' : `wait for the next ${left.span === 'today' ? 'day' : 'month'}`;
  return {
    refusal: rejects && exceeds ? new SignalboxError('budget-exhausted', `${story}.`) : null,
    warnings: [...warnings, `${story}: part of it ${exceeds ? 'will' : 'may'} ${fate}`],
  };
};

interface Left {
  readonly microUsd: number;
  readonly ofMicroUsd: number;
  readonly span: 'today' | 'this month';
}

/** The least that is left for the run: for this month, and for today where it should end today. */
const leftFor = (tenant: string, { finishAtMs }: RunForecast, draft: Draft): Left | null => {
  const { image, surroundings, atMs } = draft;
  const { usdPerDay, usdPerMonth } = surroundings.policy.budgets[tenant] ?? {};
  const { dayMicroUsd, monthMicroUsd } = image.cluster.spentBy(tenant);
  const endsToday = periodStart('day', finishAtMs.p50) === periodStart('day', atMs);
  const left = (limitUsd: number | undefined, used: number, span: Left['span']): Left[] =>
    limitUsd === undefined
      ? []
      : [{ microUsd: Math.max(0, limitUsd * 1e6 - used), ofMicroUsd: limitUsd * 1e6, span }];
  const found = [
    ...(endsToday ? left(usdPerDay, dayMicroUsd, 'today') : []),
    ...left(usdPerMonth, monthMicroUsd, 'this month'),
  ];
  return found.sort((a, b) => a.microUsd - b.microUsd)[0] ?? null;
};

/** Tasks that ask for more than their tenant may hold at once. */
const overQuotas = ({ tenant, pipeline }: RunSpec, draft: Draft): readonly string[] => {
  const quota = draft.surroundings.policy.quotas?.[tenant];
  if (quota === undefined) return [];
  return Object.entries(pipeline.tasks).flatMap(([name, task]) =>
    (['devices', 'cores', 'slots'] as const).flatMap((kind) => {
      const asked = Math.max(...optionsOf(task).map(({ request }) => request[kind]));
      const most = quota[kind] ?? Number.POSITIVE_INFINITY;
      if (asked <= most) return [];
      return [
        `task ${name} asks for ${amountOf(kind, asked)}, and ${tenant} may hold ${most} at once: it can never start under this policy`,
      ];
    }),
  );
};
