import type { Blocker, Option, Pause } from '../../domain/index.js';
import { type Held, LookAhead, type WaitingTask } from '../cluster/index.js';
import type { Deferral } from '../decisions.js';
import { blockersOf } from './blockers.js';
import { ClaimOutlook } from './claims.js';
import type { Cycle, Pass } from './cycle.js';
import { openFrom } from './gate.js';
import { heldBack, inForce } from './hold.js';
import { affordableFrom } from './money.js';
import { lookAhead } from './outlook.js';
import { pausesOf } from './paused.js';
import { placeFor } from './place.js';
import { optionsIn, preferred } from './route.js';
import { expectedSeconds } from './runtime.js';
import { listing } from './words.js';

/** How many of a queue get a start of their own; those behind get one at the rate at which these move. */
const ONE_BY_ONE = 50;

/** Why each task that was asked about waits in this pool: every blocker, its place, and when it is expected to start. */
export const explain = (pass: Pass, cycle: Cycle, asked: ReadonlySet<string>): readonly Deferral[] => {
  const wanted = [...asked].flatMap((id) => {
    const task = cycle.placed.has(id) ? undefined : cycle.cluster.pool(pass.pool).queue.get(id);
    return task && homeOf(task, cycle) === pass.pool ? [task] : [];
  });
  if (wanted.length === 0) return [];
  const starts = expectedStarts(pass, cycle, wanted);
  return wanted.map((task) => deferral(task, pass, cycle, starts));
};

/** A task that waits in several queues is explained in the one that it prefers, of those that are not paused. */
const homeOf = (task: WaitingTask, { policy, rooms }: Cycle) => {
  const pools = preferred(task, policy).map(({ request }) => request.pool);
  return pools.find((pool) => rooms[pool].pauses.length === 0) ?? pools[0];
};

interface Interval {
  readonly p50: number | null;
  readonly p90: number | null;
}
interface Starts {
  readonly head: readonly WaitingTask[];
  readonly of: ReadonlyMap<string, Interval>;
  /** The last of the head that has a start, for the rate. */
  readonly last: { readonly place: number; readonly start: Interval } | null;
}

const expectedStarts = ({ pool }: Pass, cycle: Cycle, wanted: readonly WaitingTask[]): Starts => {
  const { cluster, policy, rooms, placed, started, atMs } = cycle;
  const head = [...cluster.queue(pool, new LookAhead(ONE_BY_ONE + placed.size), atMs)]
    .map(({ task }) => task)
    .filter(({ id }) => !placed.has(id))
    .slice(0, ONE_BY_ONE);
  const [early, late] = [lookAhead(rooms[pool], 'p50Seconds'), lookAhead(rooms[pool], 'p90Seconds')];
  const pauses = rooms[pool].pauses.map(asHeld);
  const claims = new ClaimOutlook(cluster, policy, started, atMs);
  const starts = new Map<string, Interval>();
  const missing = new Set(wanted.map(({ id }) => id));
  let last: Starts['last'] = null;
  for (const [index, task] of head.entries()) {
    if (missing.size === 0) break;
    const until = latest(
      heldUntil([...task.holds, ...pauses], atMs),
      claims.freeFrom(task),
      affordableFrom(task, cluster, policy, started, atMs),
      openFrom(task, cluster, started, atMs),
    );
    const option = preferred(task, policy).find(({ request }) => request.pool === pool);
    if (until === null || option === undefined) starts.set(task.id, NEVER);
    else {
      const start = interval(early(task, option, until), late(task, option, until));
      starts.set(task.id, start);
      if (start.p50 !== null)
        claims.take(task, start.p50, start.p50 + expectedSeconds(task, option).p50Seconds * 1_000);
      if (start.p50 !== null) last = { place: index + 1, start };
    }
    missing.delete(task.id);
  }
  return { head, of: starts, last };
};

const NEVER: Interval = { p50: null, p90: null };

/** The two passes may place a task differently; an interval must not stand on its head. */
const interval = (p50: number | null, p90: number | null): Interval =>
  p50 === null || p90 === null ? NEVER : { p50, p90: Math.max(p50, p90) };

/** The latest of several times; null where one of them never comes. */
const latest = (...times: readonly (number | null)[]): number | null =>
  times.reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)));

const asHeld = ({ atMs, untilMs }: Pause) => ({ fromMs: atMs, untilMs });

/** When the last of several holds ends; null where one of them has no end. */
const heldUntil = (holds: readonly Pick<Held, 'fromMs' | 'untilMs'>[], atMs: number): number | null => {
  let until = atMs;
  for (const held of holds) {
    if (!inForce(held, atMs)) continue;
    if (held.untilMs === null) return null;
    until = Math.max(until, held.untilMs);
  }
  return until;
};

const deferral = (task: WaitingTask, pass: Pass, cycle: Cycle, starts: Starts): Deferral => {
  const { cluster, policy, rooms, started, atMs } = cycle;
  const position = positionOf(task, pass, cycle, starts);
  const start = starts.of.get(task.id) ?? atRate(task, position, starts, atMs);
  const until = heldUntil(task.holds, atMs);
  const room = rooms[pass.pool];
  const option = preferred(task, policy).find(({ request }) => request.pool === pass.pool) ?? task.options[0];
  const near = starts.of.has(task.id);
  const pinnedTo = task.pin && cluster.pool(pass.pool).nodes.get(task.pin.nodeId);
  const blockers: readonly Blocker[] = [
    ...pausesOf(task, rooms),
    ...heldBack(task, cluster, policy, started, atMs),
    ...blockersOf(
      {
        task,
        option,
        position,
        first: starts.head[0] ?? null,
        reservation: pass.reservation,
        pinnedTo,
        near,
      },
      room,
      policy,
    ),
    ...worthTheWait(task, option, cycle),
  ];
  return {
    id: task.id,
    blockers: blockers.length > 0 ? blockers : [LATER],
    position,
    etaP50Ms: start.p50,
    etaP90Ms: start.p90,
    heldUntilMs: until === atMs ? null : until,
  };
};

/** Other places that it lists have room now, and it would rather wait for this one. */
const worthTheWait = (task: WaitingTask, option: Option, { rooms, policy }: Cycle): readonly Blocker[] => {
  const open = task.options
    .filter((other) => rooms[other.request.pool].pauses.length === 0)
    .filter((other) => other !== option && placeFor(task, other, rooms[other.request.pool], null) !== null)
    .filter((other) => !optionsIn(task, other.request.pool, rooms, policy).includes(other))
    .map(({ request }) => request.pool);
  if (open.length === 0) return [];
  const gain = policy.route.prefer === 'fastest' ? 'ends it sooner' : 'costs less and meets its deadline';
  return [
    {
      code: 'better-elsewhere',
      detail: `${listing(open)} has room now, but waiting for ${option.request.pool} ${gain}`,
    },
  ];
};

/** All before it went, and the cycle looked no further. */
const LATER: Blocker = {
  code: 'behind-queue',
  detail: 'this cycle went no further; the next one begins here',
};

const positionOf = (
  task: WaitingTask,
  { pool }: Pass,
  { cluster, atMs, grants }: Cycle,
  { head }: Starts,
): number => {
  const index = head.findIndex(({ id }) => id === task.id);
  if (index >= 0) return index + 1;
  const went = grants.filter((grant) => grant.pool === pool).length;
  return cluster.position(pool, task, atMs) - went;
};

const atRate = (task: WaitingTask, position: number, { last }: Starts, atMs: number): Interval => {
  if (last === null || heldUntil(task.holds, atMs) === null) return NEVER;
  const at = (ms: number | null) =>
    ms === null ? null : Math.round(atMs + ((ms - atMs) * position) / last.place);
  return { p50: at(last.start.p50), p90: at(last.start.p90) };
};
