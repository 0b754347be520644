import { add, type Node, type Resources, subtract } from '../../domain/index.js';
import { asOf, byEnd, type Hold } from './hold.js';

/** One node that takes new work, and what is free on it. A value: changing it makes another. */
export interface Place {
  readonly node: Node;
  /** What is neither held nor kept. */
  readonly free: Resources;
  /** Indices of the devices that nobody holds, rising. */
  readonly devices: readonly number[];
  /** The soonest end first. */
  readonly holds: readonly Hold[];
}

/** A node that nobody uses. */
export const emptyPlace = (node: Node): Place => ({
  node,
  free: node.capacity,
  devices: Array.from({ length: node.capacity.devices }, (_, index) => index),
  holds: [],
});

/** The place with one more hold on it. */
export const withHold = (place: Place, hold: Hold, devices: readonly number[]): Place => ({
  node: place.node,
  free: subtract(place.free, hold.resources),
  devices: devices.length === 0 ? place.devices : place.devices.filter((index) => !devices.includes(index)),
  holds: inserted(place.holds, hold),
});

/** The place with what a hold had of it free again. */
export const withoutHold = (place: Place, id: string, devices: readonly number[]): Place => {
  const held = place.holds.find((hold) => hold.id === id);
  if (held === undefined) return place;
  const known = devices.filter((index) => index < place.node.capacity.devices);
  return {
    node: place.node,
    free: add(place.free, held.resources),
    devices: known.length === 0 ? place.devices : [...place.devices, ...known].sort((a, b) => a - b),
    holds: place.holds.filter((hold) => hold !== held),
  };
};

/** The place as it is expected to go on, now that it is later: holds that have outlived their expected end get another. */
export const placeAsOf = (place: Place, atMs: number): Place => {
  const [first] = place.holds;
  if (first === undefined || first.endsAtMs > atMs) return place;
  return { ...place, holds: holdsAsOf(place.holds, atMs) };
};

/** The same of any list of holds in order. */
export const holdsAsOf = (holds: readonly Hold[], atMs: number): readonly Hold[] => {
  const past = holds.findIndex((hold) => hold.endsAtMs > atMs);
  const stale = past < 0 ? holds : holds.slice(0, past);
  const fresh = past < 0 ? [] : holds.slice(past);
  return stale.map((hold) => asOf(hold, atMs)).reduce(inserted, fresh);
};

/** The holds with one more in its place. */
export const inserted = (holds: readonly Hold[], hold: Hold): readonly Hold[] => {
  let low = 0;
  let high = holds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = holds[middle];
    if (other !== undefined && byEnd(other, hold) < 0) low = middle + 1;
    else high = middle;
  }
  return [...holds.slice(0, low), hold, ...holds.slice(low)];
};
