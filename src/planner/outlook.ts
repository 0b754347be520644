import { add, NOTHING, type NodeId, type Resources, subtract } from '../domain/index.js';
import { candidates, fits, type Hold, isUnbound, type Room } from './room.js';
import type { WaitingTask } from './snapshot.js';

/** Which end of the forecasts a look ahead believes. */
export type Quantile = 'p50' | 'p90';

/** One node (or the pool's shared slots) in the time ahead: what is free at its clock, and what comes free when. */
interface Lane {
  readonly nodeId: NodeId | null;
  atMs: number;
  free: Resources;
  /** Soonest last, so that the next one is popped. */
  readonly releases: Release[];
}
interface Release {
  readonly atMs: number;
  readonly resources: Resources;
}

/** A start that a look ahead found: when, where, and what stays free there beside it. */
export interface Start {
  readonly atMs: number;
  /** Null for bare slots. */
  readonly nodeId: NodeId | null;
  readonly spare: Resources;
}

/** A look ahead over one pool: gives each task in turn its start, and takes the hardware for as long as its forecast says. */
export type Outlook = (task: WaitingTask) => Start | null;

/**
 * The simple forward pass: on each node work goes in order, and nothing later overtakes there. With backfill a task may start
 * sooner than this says; with work that arrives later and is more urgent, later. A start is null where no live node could hold it.
 */
export const lookAhead = (room: Room, quantile: Quantile): Outlook => {
  const lane = (nodeId: NodeId | null, free: Resources, holds: readonly Hold[]): Lane => ({
    nodeId,
    atMs: room.atMs,
    free,
    releases: holds
      .map(({ endsAtMs, resources }) => ({ atMs: endsAtMs[quantile], resources }))
      .sort((a, b) => b.atMs - a.atMs),
  });
  const lanes = new Map(room.places.map(({ node, free, holds }) => [node.id, lane(node.id, free, holds)]));
  const everyone = [...room.places.flatMap(({ holds }) => holds), ...room.unbound];
  const slots = lane(null, { ...NOTHING, slots: room.freeSlots }, everyone);

  return (task) => {
    const able = candidates(task, room);
    const open = isUnbound(task)
      ? able.slice(0, 1).map(() => slots)
      : able.flatMap(({ node }) => lanes.get(node.id) ?? []);
    const [first] = open
      .map((where) => ({ where, atMs: earliest(where, task.request) }))
      .sort((a, b) => a.atMs - b.atMs);
    if (first === undefined || first.atMs === Number.POSITIVE_INFINITY) return null;
    return occupy(first.where, first.atMs, task, quantile);
  };
};

/** The first time from the lane's clock on at which the request fits. */
const earliest = (lane: Lane, request: Resources): number => {
  let { free, atMs } = lane;
  for (let index = lane.releases.length - 1; !fits(request, free); index -= 1) {
    const next = lane.releases[index];
    if (next === undefined) return Number.POSITIVE_INFINITY;
    free = add(free, next.resources);
    atMs = Math.max(atMs, next.atMs);
  }
  return atMs;
};

const occupy = (lane: Lane, atMs: number, task: WaitingTask, quantile: Quantile): Start => {
  for (let next = lane.releases.at(-1); next && next.atMs <= atMs; next = lane.releases.at(-1)) {
    lane.free = add(lane.free, next.resources);
    lane.releases.pop();
  }
  lane.atMs = atMs;
  lane.free = subtract(lane.free, task.request);
  const seconds = quantile === 'p50' ? task.forecast.p50Seconds : task.forecast.p90Seconds;
  insert(lane.releases, { atMs: atMs + seconds * 1_000, resources: task.request });
  return { atMs, nodeId: lane.nodeId, spare: lane.free };
};

const insert = (releases: Release[], release: Release): void => {
  const sooner = releases.findIndex((other) => other.atMs <= release.atMs);
  releases.splice(sooner < 0 ? releases.length : sooner, 0, release);
};
