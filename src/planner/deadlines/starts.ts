import { type Option, sizeOf } from '../../domain/index.js';
import { type Cluster, poolsOf, type WaitingTask } from '../cluster/index.js';
import { preferred } from '../cycle/route.js';
import { plan } from '../plan.js';
import type { Policy } from '../policy/read.js';
import { attemptsOf, type ExpectedRun, type ExpectedTask, type Interval } from './expected-task.js';

/** When an attempt would start if it were ready now, and in which of the places that it lists. */
export interface Start {
  /** Null where no end of its waiting is in sight. */
  readonly waitMs: Interval | null;
  readonly option: Option;
  /** What it would wait for, in words. */
  readonly because: readonly string[];
}

/** So many kinds of later tasks are asked about one by one: each is a cycle of its own. */
const MOST_KINDS = 8;

/**
 * Asks the planner when each attempt of a run would start: those that are ready now together, for they stand in each other's way;
 * those that come later alone, one of each kind. The cluster is lent for the trials and comes back as it was.
 */
export const startsOf = (
  run: ExpectedRun,
  cluster: Cluster,
  policy: Policy,
  atMs: number,
): ReadonlyMap<string, Start> => {
  const { now, later } = byTime(run.tasks);
  const starts = new Map(ask(now, cluster, policy, atMs));
  const kinds = new Map<string, WaitingTask[]>();
  for (const task of later) kinds.set(kindOf(task), [...(kinds.get(kindOf(task)) ?? []), task]);
  const largestFirst = [...kinds.values()].sort((a, b) => sizeOfKind(b) - sizeOfKind(a));
  const known: (readonly [WaitingTask, Start])[] = [];
  for (const kind of largestFirst) {
    const [task] = kind as [WaitingTask, ...WaitingTask[]];
    const alike = known.length < MOST_KINDS ? undefined : known.find(([other]) => sharesPool(task, other));
    // What holds it now need not hold it then.
    const free = { ...task, holds: [] };
    const start = alike?.[1] ?? (ask([free], cluster, policy, atMs).get(task.id) as Start);
    if (alike === undefined) known.push([task, start]);
    for (const each of kind)
      starts.set(each.id, alike === undefined ? start : { ...start, option: bestOf(each, policy) });
  }
  return starts;
};

/** Attempts that are ready now, and those that come once others have ended. */
const byTime = (tasks: readonly ExpectedTask[]) => {
  const names = new Set(tasks.map(({ name }) => name));
  const isReady = ({ needs }: ExpectedTask) => !needs.some((need) => names.has(need));
  const now = tasks.flatMap((task) => [
    ...task.waiting,
    ...(task.coming !== null && isReady(task) ? [task.coming.asks] : []),
  ]);
  const soon = new Set(now.map(({ id }) => id));
  const later = attemptsOf({ tasks, deadlineAtMs: null }).filter(({ id }) => !soon.has(id));
  return { now, later };
};

/** Attempts of one kind wait alike: where they may go, as whom, and about how long they run. */
const kindOf = ({ options, placement, priorityClass, forecast }: WaitingTask): string =>
  JSON.stringify([options, placement, priorityClass, Math.ceil(Math.log2(forecast.p90Seconds))]);

const sizeOfKind = ([task]: readonly WaitingTask[]): number =>
  task === undefined ? 0 : sizeOf(task.options[0].request);

const sharesPool = (a: WaitingTask, b: WaitingTask): boolean =>
  a.options[0].request.pool === b.options[0].request.pool;

const bestOf = (task: WaitingTask, policy: Policy): Option => preferred(task, policy)[0] ?? task.options[0];

const ask = (
  tasks: readonly WaitingTask[],
  cluster: Cluster,
  policy: Policy,
  atMs: number,
): ReadonlyMap<string, Start> =>
  tasks.length === 0
    ? new Map()
    : lent(cluster, tasks, () => {
        const asked = new Set(tasks.map(({ id }) => id));
        const pools = [...new Set(tasks.flatMap(poolsOf))].sort();
        const { grants, preemptions, deferrals } = plan(cluster, policy, atMs, { pools, asked });
        const granted = new Map(grants.map((grant) => [grant.id, grant.option]));
        const madeRoomFor = new Set(preemptions.map(({ forId }) => forId));
        const deferred = new Map(deferrals.map((deferral) => [deferral.id, deferral]));
        const graceMs = policy.graceSeconds * 1_000;
        return new Map(
          tasks.map((task): [string, Start] => {
            const { id } = task;
            const option = granted.get(id) ?? bestOf(task, policy);
            const found = deferred.get(id);
            if (found === undefined) {
              const waitMs = madeRoomFor.has(id) ? { p50: graceMs, p90: graceMs } : { p50: 0, p90: 0 };
              return [id, { waitMs, option, because: [] }];
            }
            const { etaP50Ms, etaP90Ms, blockers } = found;
            const because = blockers.map(({ detail }) => detail);
            if (etaP50Ms === null || etaP90Ms === null) return [id, { waitMs: null, option, because }];
            const waitMs = { p50: Math.max(0, etaP50Ms - atMs), p90: Math.max(0, etaP90Ms - atMs) };
            return [id, { waitMs, option, because }];
          }),
        );
      });

const lent = <Result>(cluster: Cluster, tasks: readonly WaitingTask[], ask: () => Result): Result => {
  const before = tasks.map(({ id }) => cluster.task(id));
  for (const task of tasks) cluster.setTask(task);
  try {
    return ask();
  } finally {
    for (const [index, { id }] of tasks.entries()) {
      const own = before[index];
      if (own === undefined) cluster.removeTask(id);
      else cluster.setTask(own);
    }
  }
};
