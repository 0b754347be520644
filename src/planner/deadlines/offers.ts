import type { Offer, OfferedChange, Option, RunForecast, RunOutlook } from '../../domain/index.js';
import type { Cluster, WaitingTask } from '../cluster/index.js';
import { amountOf } from '../cycle/words.js';
import type { Policy } from '../policy/read.js';
import { attemptsOf, type ExpectedRun, withTasks } from './expected-task.js';
import { forecastRun } from './forecast-run.js';

/** An offer that shortens the time to the finish by less than this share is not worth naming. */
const WORTH = 0.05;
/** Promises are given to the minute. */
const MINUTE_MS = 60_000;

/** A run's forecast, and where its deadline is not safe what could be done about it. */
export const forecastWithOffers = (
  run: ExpectedRun,
  cluster: Cluster,
  policy: Policy,
  atMs: number,
): RunForecast => {
  const forecast = forecastRun(run, cluster, policy, atMs);
  const isSafe = forecast.deadline === 'none' || forecast.deadline === 'feasible';
  return { ...forecast, offers: isSafe ? [] : offersFor(run, forecast, cluster, policy, atMs) };
};

/**
 * What could be otherwise, each planned anew: first as it stands; then what nobody else pays for, a later deadline; then other
 * places by what they cost more; then higher classes, the mildest first, for those have others wait. What does not help is left out.
 */
export const offersFor = (
  run: ExpectedRun,
  asItStands: RunOutlook,
  cluster: Cluster,
  policy: Policy,
  atMs: number,
): readonly Offer[] => {
  const trial = ({ change, words, run: changed }: Trial): Offer =>
    offer(change, words, forecastRun(changed, cluster, policy, atMs), asItStands);
  const helps = (better: Offer, than: RunOutlook | Offer) => gains(better, than, atMs);
  const places = elsewhere(run)
    .map(trial)
    .filter((found) => helps(found, asItStands))
    .sort((a, b) => a.extraMicroUsd - b.extraMicroUsd);
  const classes: Offer[] = [];
  for (const found of moreUrgent(run, policy).map(trial))
    if (helps(found, classes.at(-1) ?? asItStands)) classes.push(found);
  return [
    offer({ kind: 'none' }, 'as it stands', asItStands, asItStands),
    ...laterDeadline(run, asItStands, cluster, policy, atMs),
    ...places,
    ...classes,
  ];
};

/** A run that differs, and how. */
interface Trial {
  readonly change: OfferedChange;
  readonly words: string;
  readonly run: ExpectedRun;
}

const offer = (
  change: OfferedChange,
  words: string,
  { finishAtMs, deadline, costMicroUsd }: RunOutlook,
  asItStands: RunOutlook,
): Offer => {
  const extraMicroUsd = costMicroUsd.p50 - asItStands.costMicroUsd.p50;
  return { change, finishAtMs, deadline, extraMicroUsd, words: `${words}${price(extraMicroUsd)}` };
};

const price = (microUsd: number): string => {
  const usd = Math.abs(microUsd) / 1e6;
  if (usd < 0.005) return '';
  return ` for ${usd.toFixed(2)} USD ${microUsd > 0 ? 'more' : 'less'}`;
};

const gains = (a: Pick<Offer, 'finishAtMs'>, b: Pick<Offer, 'finishAtMs'>, atMs: number): boolean => {
  const worthMs = atMs + (b.finishAtMs.p90 - atMs) * (1 - WORTH);
  return a.finishAtMs.p90 < worthMs && a.finishAtMs.p50 <= b.finishAtMs.p50;
};

/** The earliest deadline that holds at P90; where the policy lifts work for its deadline, found by asking again. */
const laterDeadline = (
  run: ExpectedRun,
  asItStands: RunOutlook,
  cluster: Cluster,
  policy: Policy,
  atMs: number,
): readonly Offer[] => {
  let latestMs = asItStands.finishAtMs.p90;
  for (let round = 0; round < 2; round += 1) {
    const deadlineAtMs = Math.ceil(latestMs / MINUTE_MS) * MINUTE_MS;
    const found = forecastRun(withDeadline(run, deadlineAtMs), cluster, policy, atMs);
    if (found.deadline === 'feasible')
      return [offer({ kind: 'deadline', deadlineAtMs }, 'if the deadline moves there', found, asItStands)];
    latestMs = Math.max(latestMs, found.finishAtMs.p90);
  }
  return [];
};

const withDeadline = (run: ExpectedRun, deadlineAtMs: number): ExpectedRun => {
  const laterMs = deadlineAtMs - (run.deadlineAtMs ?? deadlineAtMs);
  const due = ({ rank }: WaitingTask) => (rank.dueAtMs === null ? null : rank.dueAtMs + laterMs);
  const moved = withTasks(run, (task) => ({
    ...task,
    deadlineAtMs,
    rank: { ...task.rank, dueAtMs: due(task) },
  }));
  return { ...moved, deadlineAtMs };
};

/** Every other place that its tasks list, taken by all tasks that list it. */
const elsewhere = (run: ExpectedRun): readonly Trial[] => {
  const places = new Map<string, Option>();
  for (const { options } of attemptsOf(run))
    if (options.length > 1) for (const option of options) places.set(nameOf(option, options), option);
  return [...places].map(
    ([
      name,
      {
        request: { pool },
      },
    ]) => ({
      change: { kind: 'place', pool },
      words: `on ${name}`,
      run: withTasks(run, (task) => {
        const there = task.options.find((option) => nameOf(option, task.options) === name);
        return there === undefined ? task : { ...task, options: [there] };
      }),
    }),
  );
};

/** A place by its pool; where a task lists several there, with what it holds of it too. */
const nameOf = ({ request }: Option, all: readonly Option[]): string => {
  const isOnly = all.filter((other) => other.request.pool === request.pool).length === 1;
  const kind = (['devices', 'cores', 'slots'] as const).find((each) => request[each] > 0);
  const amount = isOnly || kind === undefined ? '' : ` with ${amountOf(kind, request[kind])}`;
  return `pool ${request.pool}${amount}`;
};

/** Higher classes than the lowest that an attempt of it has, the mildest first. */
const moreUrgent = (run: ExpectedRun, { classes, order, preemption }: Policy): readonly Trial[] => {
  if (!order.includes('class') && preemption?.victims !== 'lower-class') return [];
  const lowest = Math.max(0, ...attemptsOf(run).map((task) => classes.indexOf(task.priorityClass)));
  return classes
    .slice(0, lowest)
    .toReversed()
    .map((priorityClass) => ({
      change: { kind: 'priority', priorityClass },
      words: `with priority ${priorityClass}`,
      run: withTasks(run, (task) =>
        classes.indexOf(priorityClass) < classes.indexOf(task.priorityClass)
          ? { ...task, priorityClass }
          : task,
      ),
    }));
};
