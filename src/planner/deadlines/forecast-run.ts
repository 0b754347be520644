import { microUsdOf, type Option, type RunOutlook, sizeOf } from '../../domain/index.js';
import type { Cluster, WaitingTask } from '../cluster/index.js';
import { inForce } from '../cycle/hold.js';
import { expectedSeconds } from '../cycle/runtime.js';
import type { Policy } from '../policy/read.js';
import type { ExpectedRun, ExpectedTask, Interval } from './expected-task.js';
import { type Start, startsOf } from './starts.js';
import { verdictOf } from './verdict.js';

/**
 * When a run would start and finish as things stand: the longest path through what is left of its graph, each task with the wait
 * that the planner foresees for it and its own runtime, and no sooner than its pools could do all its work. Waits and runtimes
 * along a path are taken to vary independently: their spreads add up as squares.
 */
export const forecastRun = (run: ExpectedRun, cluster: Cluster, policy: Policy, atMs: number): RunOutlook => {
  const starts = startsOf(run, cluster, policy, atMs);
  const lengths = new Lengths(run, starts, cluster, atMs);
  const ends = run.tasks.map((task) => lengths.endOf(task));
  const least = leastLength(run, starts, cluster);
  const after = (quantile: keyof Interval) =>
    Math.round(atMs + Math.max(0, least, ...ends.map((end) => end[quantile])));
  const finishAtMs = { p50: after('p50'), p90: after('p90') };
  const stuck = [...starts.values()].filter(({ waitMs }) => waitMs === null);
  return {
    startAtMs: firstStart(run, starts, atMs),
    finishAtMs,
    deadline: verdictOf(finishAtMs, run.deadlineAtMs, stuck.length > 0),
    costMicroUsd: { p50: costOf(run, starts, policy, 'p50'), p90: costOf(run, starts, policy, 'p90') },
    inTheWay: [...new Set([...stuck, ...starts.values()].flatMap(({ because }) => because))].slice(0, SHOWN),
  };
};

/** Nobody reads more of what is in the way. */
const SHOWN = 3;

/** How long from now on, in milliseconds: as expected, and along the path that is longest at its P90 its middle and squared spread. */
interface Length extends Interval {
  readonly middle: number;
  readonly squares: number;
}
const NONE: Length = { p50: 0, p90: 0, middle: 0, squares: 0 };

const then = ({ p50, middle, squares }: Length, ...parts: readonly Interval[]): Length => {
  const more = parts.reduce((sum, part) => sum + part.p50, 0);
  const spread = parts.reduce((sum, part) => sum + (part.p90 - part.p50) ** 2, squares);
  return {
    p50: p50 + more,
    p90: middle + more + Math.sqrt(spread),
    middle: middle + more,
    squares: spread,
  };
};

const longest = (lengths: readonly Length[]): Length =>
  lengths.reduce((a, b) => ({ ...(b.p90 > a.p90 ? b : a), p50: Math.max(a.p50, b.p50) }), NONE);

/** Where nobody can say how long a task waits, the rest of its run is forecast without that wait. */
const waitOf = (task: WaitingTask, starts: ReadonlyMap<string, Start>): Interval =>
  starts.get(task.id)?.waitMs ?? { p50: 0, p90: 0 };
const optionOf = (task: WaitingTask, starts: ReadonlyMap<string, Start>): Option =>
  starts.get(task.id)?.option ?? task.options[0];

const milliseconds = (task: WaitingTask, option: Option, times = 1): Interval => {
  const { p50Seconds, p90Seconds } = expectedSeconds(task, option);
  return { p50: p50Seconds * times * 1_000, p90: p90Seconds * times * 1_000 };
};

/** From now to the end of each task, by the longest way through the graph. */
class Lengths {
  readonly #known = new Map<string, Length>();
  readonly #tasks: ReadonlyMap<string, ExpectedTask>;

  constructor(
    { tasks }: ExpectedRun,
    private readonly starts: ReadonlyMap<string, Start>,
    private readonly cluster: Cluster,
    private readonly atMs: number,
  ) {
    this.#tasks = new Map(tasks.map((task) => [task.name, task]));
  }

  endOf(task: ExpectedTask): Length {
    const before = this.#known.get(task.name);
    if (before !== undefined) return before;
    const needed = task.needs.flatMap((name) => this.#tasks.get(name) ?? []).map((need) => this.endOf(need));
    const end = longest([
      ...task.running.map(({ left }) =>
        then(NONE, { p50: left.p50Seconds * 1_000, p90: left.p90Seconds * 1_000 }),
      ),
      ...task.waiting.map((attempt) => this.#through(NONE, attempt, 1)),
      ...(task.coming === null ? [] : [this.#through(longest(needed), task.coming.asks, task.coming.items)]),
    ]);
    this.#known.set(task.name, end);
    return end;
  }

  #through(ready: Length, attempt: WaitingTask, items: number): Length {
    const option = optionOf(attempt, this.starts);
    const rounds = Math.ceil(items / Math.max(1, heldAtOnce(option, this.cluster)));
    const wait = waitAfter(ready, waitOf(attempt, this.starts));
    const start = onceOpen(then(ready, wait), attempt, this.atMs);
    return then(start, milliseconds(attempt, option, rounds));
  }
}

/**
 * The wait of a task that is ready only then, where it would be that long now: half of the time what holds it up now is gone by then,
 * and in the worst case as much has come in its place.
 */
const waitAfter = (ready: Length, { p50, p90 }: Interval): Interval => ({
  p50: Math.max(0, p50 - ready.p50),
  p90,
});

/** A start that falls into a closed window or a hold moves to its end; one without an end makes nothing later, see `waitOf`. */
const onceOpen = (start: Length, { holds }: WaitingTask, atMs: number): Length => {
  const open = (lengthMs: number) =>
    holds
      .toSorted((a, b) => a.fromMs - b.fromMs)
      .reduce(
        (at, held) => (inForce(held, atMs + at) ? Math.max(at, (held.untilMs ?? 0) - atMs) : at),
        lengthMs,
      );
  if (holds.length === 0) return start;
  const middle = open(start.middle);
  return { ...start, p50: open(start.p50), p90: Math.max(open(start.p90), middle), middle };
};

/** How many such attempts the pool's nodes hold when empty. */
const heldAtOnce = ({ request }: Option, cluster: Cluster): number => {
  const kinds = (['devices', 'cores', 'memoryBytes', 'slots'] as const).filter((kind) => request[kind] > 0);
  return [...cluster.pool(request.pool).nodes.values()]
    .map(({ capacity }) => Math.min(...kinds.map((kind) => Math.floor(capacity[kind] / request[kind]))))
    .reduce((sum, held) => sum + (Number.isFinite(held) ? held : 1), 0);
};

/** What the pools need at least for all that is to come: its work over all their hardware. In milliseconds. */
const leastLength = (
  { tasks }: ExpectedRun,
  starts: ReadonlyMap<string, Start>,
  cluster: Cluster,
): number => {
  const work = new Map<Option['request']['pool'], number>();
  for (const { coming } of tasks) {
    if (coming === null) continue;
    const option = optionOf(coming.asks, starts);
    const { pool } = option.request;
    const deviceMs = coming.items * sizeOf(option.request) * milliseconds(coming.asks, option).p50;
    work.set(pool, (work.get(pool) ?? 0) + deviceMs);
  }
  return Math.max(
    0,
    ...[...work].map(([pool, deviceMs]) => {
      const nodes = [...cluster.pool(pool).nodes.values()];
      const size = nodes.reduce((sum, { capacity }) => sum + sizeOf(capacity), 0);
      return size > 0 ? deviceMs / size : 0;
    }),
  );
};

const firstStart = ({ tasks }: ExpectedRun, starts: ReadonlyMap<string, Start>, atMs: number): Interval => {
  const names = new Set(tasks.map(({ name }) => name));
  const ready = tasks
    .filter(({ needs }) => !needs.some((need) => names.has(need)))
    .flatMap(({ waiting, coming }) => (coming === null ? waiting : [...waiting, coming.asks]))
    .map((attempt) => waitOf(attempt, starts));
  const first = (quantile: keyof Interval) =>
    Math.round(atMs + (ready.length > 0 ? Math.min(...ready.map((wait) => wait[quantile])) : 0));
  return { p50: first('p50'), p90: first('p90') };
};

const costOf = (
  { tasks }: ExpectedRun,
  starts: ReadonlyMap<string, Start>,
  { pools }: Policy,
  quantile: keyof Interval,
): number => {
  const cost = (attempt: WaitingTask, items: number): number => {
    const option = optionOf(attempt, starts);
    const seconds = milliseconds(attempt, option)[quantile] / 1_000;
    return items * microUsdOf(option.request, pools[option.request.pool], seconds);
  };
  return tasks.reduce(
    (sum, { running, waiting, coming }) =>
      sum +
      running.reduce((total, { left, request }) => {
        const seconds = quantile === 'p50' ? left.p50Seconds : left.p90Seconds;
        return total + microUsdOf(request, pools[request.pool], seconds);
      }, 0) +
      waiting.reduce((total, attempt) => total + cost(attempt, 1), 0) +
      (coming === null ? 0 : cost(coming.asks, coming.items)),
    0,
  );
};
