import { add, NOTHING, type NodeId, type Option, type Resources, subtract } from '../../domain/index.js';
import { type Hold, left, type Place, type WaitingTask } from '../cluster/index.js';
import { bindable, candidates, isUnbound, keptApart, type Room } from './room.js';
import { expectedSeconds } from './runtime.js';

/** Which end of the forecasts a look ahead believes. */
type Quantile = 'p50Seconds' | 'p90Seconds';

/** One node (or what all nodes of the pool share) in the time ahead: what is free at its clock, and what comes free when. */
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

/** A look ahead over one pool: gives each task in turn its start (null: never), and takes the hardware for as long as its forecast says. */
export type Outlook = (task: WaitingTask, option: Option, notBeforeMs: number) => number | null;

/**
 * The simple forward pass: on each node work goes in order, and nothing later overtakes there. With backfill a task may start
 * sooner than this says; with work that arrives later and is more urgent, later.
 */
export const lookAhead = (room: Room, quantile: Quantile): Outlook => {
  const lane = (nodeId: NodeId | null, free: Resources, holds: readonly Hold[]): Lane => ({
    nodeId,
    atMs: room.atMs,
    free,
    releases: holds
      .map((hold) => ({ atMs: endOf(hold, quantile, room.atMs), resources: hold.resources }))
      .sort((a, b) => b.atMs - a.atMs),
  });
  const lanes = new Map(
    room.places.map((place) => [place.node.id, lane(place.node.id, bindable(place, room), place.holds)]),
  );
  const everyone = [...room.places.flatMap(({ holds }) => holds), ...room.unbound];
  const all = room.places.reduce((sum, place) => add(sum, bindable(place, room)), NOTHING);
  const shared = lane(null, { ...all, slots: room.freeSlots }, everyone);

  const apartUntil = (task: WaitingTask, place: Place, fromMs: number): number =>
    keptApart(task, place).reduce((until, hold) => Math.max(until, endOf(hold, quantile, room.atMs)), fromMs);

  return (task, option, notBeforeMs) => {
    const able = candidates(task, option, room);
    const anywhere = isUnbound(task, option) || task.placement.spans;
    let best: Lane | undefined;
    let bestAtMs = Number.POSITIVE_INFINITY;
    for (const place of anywhere ? able.slice(0, 1) : able) {
      const where = anywhere ? shared : (lanes.get(place.node.id) ?? shared);
      const fromMs = anywhere ? notBeforeMs : apartUntil(task, place, notBeforeMs);
      const atMs = Math.max(earliest(where, option.request, bestAtMs), fromMs);
      if (atMs >= bestAtMs) continue;
      best = where;
      bestAtMs = atMs;
    }
    if (best === undefined) return null;
    occupy(best, bestAtMs, option.request, expectedSeconds(task, option)[quantile]);
    return bestAtMs;
  };
};

const endOf = (hold: Hold, quantile: Quantile, atMs: number): number =>
  quantile === 'p50Seconds'
    ? hold.endsAtMs
    : Math.max(hold.endsAtMs, atMs + left(hold, atMs).p90Seconds * 1_000);

/** The first time from the lane's clock on at which the request fits; infinite where that is not before `limitMs`. */
const earliest = (lane: Lane, request: Resources, limitMs: number): number => {
  let { devices, cores, memoryBytes, slots } = lane.free;
  let { atMs } = lane;
  for (let index = lane.releases.length - 1; atMs < limitMs; index -= 1) {
    if (
      request.devices <= devices &&
      request.cores <= cores &&
      request.memoryBytes <= memoryBytes &&
      request.slots <= slots
    )
      return atMs;
    const next = lane.releases[index];
    if (next === undefined) break;
    devices += next.resources.devices;
    cores += next.resources.cores;
    memoryBytes += next.resources.memoryBytes;
    slots += next.resources.slots;
    if (next.atMs > atMs) atMs = next.atMs;
  }
  return Number.POSITIVE_INFINITY;
};

const occupy = (lane: Lane, atMs: number, request: Resources, seconds: number): void => {
  for (let next = lane.releases.at(-1); next && next.atMs <= atMs; next = lane.releases.at(-1)) {
    lane.free = add(lane.free, next.resources);
    lane.releases.pop();
  }
  lane.atMs = atMs;
  lane.free = subtract(lane.free, request);
  insert(lane.releases, { atMs: atMs + seconds * 1_000, resources: request });
};

const insert = (releases: Release[], release: Release): void => {
  const sooner = releases.findIndex((other) => other.atMs <= release.atMs);
  releases.splice(sooner < 0 ? releases.length : sooner, 0, release);
};
