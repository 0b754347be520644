import {
  isBareSlots,
  type Node,
  type Resources,
  type RunId,
  type RunningLease,
  subtract,
  type TaskKey,
} from '../domain/index.js';
import type { PoolSnapshot, WaitingTask } from './snapshot.js';

/** Who holds a part of the room, and until when that is expected to last. */
export interface Hold {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly resources: Resources;
  readonly endsAtMs: { readonly p50: number; readonly p90: number };
}

/** One node that takes new work, and what is free on it during this cycle. */
export interface Place {
  readonly node: Node;
  readonly holds: Hold[];
  readonly takenDevices: Set<number>;
  free: Resources;
}

/** A pool's free hardware during one cycle: its places, and the slots that all of them share. */
export interface Room {
  readonly atMs: number;
  readonly places: readonly Place[];
  /** Holders of bare slots that no node has reported yet: they may turn up on any node. */
  readonly unbound: Hold[];
  unboundSlots: number;
  freeSlots: number;
}

/** Works out what is free. A revoked lease still holds its hardware, for its process may still live. */
export const roomOf = ({ nodes, leases }: PoolSnapshot, atMs: number): Room => {
  const places = nodes
    .filter((node) => node.state === 'active')
    .sort((a, b) => compareText(a.id, b.id))
    .map((node): Place => ({ node, holds: [], takenDevices: new Set(), free: node.capacity }));
  const byNode = new Map(places.map((place) => [place.node.id, place]));
  const unbound: Hold[] = [];
  for (const lease of [...leases].sort((a, b) => compareText(a.id, b.id))) {
    const place = lease.nodeId === null ? undefined : byNode.get(lease.nodeId);
    if (place) occupy(place, holdOf(lease, atMs), lease.devices);
    else if (lease.nodeId === null) unbound.push(holdOf(lease, atMs));
  }
  const unboundSlots = unbound.reduce((sum, { resources }) => sum + resources.slots, 0);
  const freeSlots = places.reduce((sum, { free }) => sum + free.slots, 0) - unboundSlots;
  return { atMs, places, unbound, unboundSlots, freeSlots };
};

/**
 * A lease that has outlived its forecast is expected to need a tenth more of the time that it has run: an old task that
 * has not ended is not about to end.
 */
const holdOf = (lease: RunningLease, atMs: number): Hold => {
  const { runId, taskKey, resources, grantedAtMs, expectedEndP50Ms, expectedEndP90Ms } = lease;
  const overdue = atMs + Math.max(1_000, (atMs - grantedAtMs) / 10);
  const p90 = expectedEndP90Ms > atMs ? expectedEndP90Ms : overdue;
  const p50 = expectedEndP50Ms > atMs ? expectedEndP50Ms : p90;
  return { runId, taskKey, resources, endsAtMs: { p50, p90 } };
};

const occupy = (place: Place, hold: Hold, devices: readonly number[]): void => {
  place.free = subtract(place.free, hold.resources);
  place.holds.push(hold);
  for (const device of devices) place.takenDevices.add(device);
};

/** The order of ids, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether `asked` fits into `free`, kind by kind. */
export const fits = (asked: Resources, free: Resources): boolean =>
  asked.devices <= free.devices &&
  asked.cores <= free.cores &&
  asked.memoryBytes <= free.memoryBytes &&
  asked.slots <= free.slots;

/** Whether any worker of the pool may take it, so that no node is named. */
export const isUnbound = (task: WaitingTask): boolean => isBareSlots(task.request);

/** What a place can give to a task that is bound to it: each unbound slot might turn out to run here. */
export const bindable = (place: Place, room: Room): Resources => ({
  ...place.free,
  slots: Math.min(place.free.slots - room.unboundSlots, room.freeSlots),
});

/** The places that could hold the task when empty, without those that failed it while there are others. */
export const candidates = (task: WaitingTask, room: Room): readonly Place[] => {
  const able = room.places.filter(({ node }) => fits(task.request, node.capacity));
  const trusted = able.filter(({ node }) => !task.suspectNodes.includes(node.id));
  return trusted.length > 0 ? trusted : able;
};

/** Takes what the task asks for out of the room and says which devices it got; place null for bare slots. */
export const take = (task: WaitingTask, place: Place | null, room: Room): readonly number[] => {
  const { p50Seconds, p90Seconds } = task.forecast;
  const endsAtMs = { p50: room.atMs + p50Seconds * 1_000, p90: room.atMs + p90Seconds * 1_000 };
  const hold: Hold = { runId: task.runId, taskKey: task.taskKey, resources: task.request, endsAtMs };
  room.freeSlots -= task.request.slots;
  if (place === null) {
    room.unboundSlots += task.request.slots;
    room.unbound.push(hold);
    return [];
  }
  const devices = freeDevices(place).slice(0, task.request.devices);
  occupy(place, hold, devices);
  return devices;
};

const freeDevices = ({ node, takenDevices }: Place): number[] =>
  Array.from({ length: node.capacity.devices }, (_, index) => index).filter(
    (index) => !takenDevices.has(index),
  );

/** Sorts the place that a task would leave least unused first: by devices, the scarcest, then the rest. */
export const closerFit = (a: Place, b: Place): number =>
  a.free.devices - b.free.devices ||
  a.free.cores - b.free.cores ||
  a.free.memoryBytes - b.free.memoryBytes ||
  a.free.slots - b.free.slots ||
  compareText(a.node.id, b.node.id);
