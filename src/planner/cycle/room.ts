import {
  isBareSlots,
  type LeasePart,
  type Node,
  type NodeId,
  type Option,
  type Pause,
  type Placement,
  type Resources,
  type RunningLease,
} from '../../domain/index.js';
import {
  type Hold,
  inserted,
  type Place,
  type PoolView,
  slotsOf,
  type WaitingTask,
  withHold,
} from '../cluster/index.js';
import { expectedSeconds, runtimeOf } from './runtime.js';

/** A pool's free hardware during one cycle: what the cycle grants is taken out of it, the cluster stays as it is. */
export interface Room {
  readonly atMs: number;
  /** Why nothing new starts here at all; empty where it may. */
  readonly pauses: readonly Pause[];
  readonly places: Place[];
  /** Nodes that fail too much of their work to be given more. */
  readonly failing: Place[];
  /** Holders of bare slots that no node has reported yet: they may turn up on any node. */
  unbound: readonly Hold[];
  unboundSlots: number;
  freeSlots: number;
  /** Of each kind the most that any one place has free: what exceeds it fits nowhere. */
  most: Resources;
  /** Nodes on which somebody gives way, and for whom: nobody else starts there until that one has what it needs. */
  readonly closed: Map<NodeId, string>;
}

/** What is free. A revoked lease still holds its hardware, for its process may still live. */
export const roomOf = (pool: PoolView, atMs: number): Room => {
  const places = pool.places(atMs).filter(({ node }) => !isFailing(node));
  const failing = pool.places(atMs).filter(({ node }) => isFailing(node));
  const unbound = pool.unbound(atMs);
  const unboundSlots = slotsOf(unbound);
  const freeSlots = places.reduce((sum, place) => sum + slotsFree(place), 0) - unboundSlots;
  return {
    atMs,
    pauses: pool.pauses(atMs),
    places,
    failing,
    unbound,
    unboundSlots,
    freeSlots,
    most: mostOf(places),
    closed: closedOf(pool),
  };
};

const closedOf = ({ givingWay }: PoolView): Map<NodeId, string> =>
  new Map(
    [...givingWay]
      .sort(byId)
      .flatMap(({ nodeId, givesWayTo }) =>
        nodeId === null || givesWayTo === null ? [] : [[nodeId, givesWayTo]],
      ),
  );

/** Where two give way on one node to different tasks: by the leases' ids, for a cluster knows no order in which things happened. */
const byId = (a: RunningLease, b: RunningLease): number => (a.id < b.id ? -1 : 1);

/** Whether the task may start on a node as far as those go that give way there. */
export const isOpenTo = (task: WaitingTask, { node }: Place, { closed }: Room): boolean => {
  const keptFor = closed.get(node.id);
  return keptFor === undefined || keptFor === task.id;
};

/** Whether a node fails so much of its work that it gets no more for now. */
export const isFailing = ({ health }: Node): boolean => health !== undefined && health.startsLeft <= 0;

const mostOf = (places: readonly Place[]): Resources => {
  let [devices, cores, memoryBytes, slots] = [0, 0, 0, 0];
  for (const { free } of places) {
    devices = Math.max(devices, free.devices);
    cores = Math.max(cores, free.cores);
    memoryBytes = Math.max(memoryBytes, free.memoryBytes);
    slots = Math.max(slots, free.slots);
  }
  return { devices, cores, memoryBytes, slots };
};

/** Whether nothing at all is free. */
export const isFull = ({ most, freeSlots }: Room): boolean =>
  freeSlots <= 0 && most.devices <= 0 && most.cores <= 0 && most.memoryBytes <= 0;

/** Whether `asked` fits into `free`, kind by kind. */
export const fits = (asked: Resources, free: Resources): boolean =>
  asked.devices <= free.devices &&
  asked.cores <= free.cores &&
  asked.memoryBytes <= free.memoryBytes &&
  asked.slots <= free.slots;

/** What a place can give to a task that is bound to it: each unbound slot might turn out to run here. */
export const bindable = (place: Place, room: Room): Resources =>
  room.unboundSlots === 0
    ? place.free
    : {
        ...place.free,
        slots: Math.max(0, Math.min(place.free.slots - room.unboundSlots, room.freeSlots)),
      };

/** Whether any worker of the pool may take it, so that no node is named. */
export const isUnbound = ({ placement, pin }: WaitingTask, { request }: Option): boolean =>
  isBareSlots(request) &&
  pin === undefined &&
  Object.keys(placement.labels).length === 0 &&
  placement.apart.length === 0;

/** Whether the node could hold the task when empty; of a task that may span nodes, one device's part of it. */
export const isAble = ({ placement, pin }: WaitingTask, { request }: Option, { node }: Place): boolean =>
  (pin === undefined || pin.nodeId === node.id) &&
  hasLabels(node, placement) &&
  (placement.spans
    ? node.capacity.devices > 0 && fits(portion(request, 1), node.capacity)
    : fits(request, node.capacity));

/** What goes with so many of a request's devices. */
export const portion = (request: Resources, devices: number): Resources => {
  const of = (amount: number) => Math.floor((amount * devices) / request.devices);
  return {
    devices,
    cores: of(request.cores),
    memoryBytes: of(request.memoryBytes),
    slots: of(request.slots),
  };
};

const hasLabels = ({ labels }: Node, { labels: wanted }: Placement): boolean => {
  for (const name in wanted) if (labels[name] !== wanted[name]) return false;
  return true;
};

/** The places that could hold the task when empty, without those that failed it while there are others. */
export const candidates = (task: WaitingTask, option: Option, room: Room): readonly Place[] => {
  const able = room.places.filter((place) => isAble(task, option, place));
  if (task.suspectNodes.length === 0) return able;
  const trusted = able.filter(({ node }) => !task.suspectNodes.includes(node.id));
  return trusted.length > 0 ? trusted : able;
};

/** Who on this place must not run beside the task, or must not have it beside them. */
export const keptApart = ({ placement }: WaitingTask, place: Place): readonly Hold[] =>
  placement.apart.length === 0 && placement.tags.length === 0
    ? []
    : place.holds.filter(
        ({ tags, apart }) =>
          tags.some((tag) => placement.apart.includes(tag)) ||
          apart.some((tag) => placement.tags.includes(tag)),
      );

/** Takes the parts out of the room for as long as the task is expected to run; no parts for bare slots. */
export const take = (task: WaitingTask, option: Option, parts: readonly LeasePart[], room: Room): void => {
  const hold = holdFor(task, option, room.atMs);
  room.freeSlots -= option.request.slots;
  if (parts.length === 0) {
    room.unboundSlots += option.request.slots;
    room.unbound = inserted(room.unbound, hold);
    return;
  }
  for (const { nodeId, resources, devices } of parts) {
    const index = room.places.findIndex(({ node }) => node.id === nodeId);
    const place = room.places[index];
    if (place) putBack(place, withHold(place, { ...hold, resources }, devices), index, room);
  }
  room.most = mostOf(room.places);
};

/** A node on trial takes no more once it has been given what it may. */
const putBack = (before: Place, after: Place, index: number, room: Room): void => {
  const { health } = after.node;
  if (health === undefined) {
    room.places[index] = after;
    return;
  }
  const startsLeft = health.startsLeft - 1;
  const tried = { ...after, node: { ...after.node, health: { ...health, startsLeft } } };
  room.freeSlots += before.free.slots - after.free.slots - slotsFree(before) + slotsFree(tried);
  if (startsLeft > 0) room.places[index] = tried;
  else {
    room.places.splice(index, 1);
    room.failing.push(tried);
  }
};

/** On trial a node takes few tasks, however small they are. */
const slotsFree = ({ free, node: { health } }: Place): number =>
  Math.min(free.slots, health?.startsLeft ?? Number.POSITIVE_INFINITY);

const holdFor = (task: WaitingTask, option: Option, atMs: number): Hold => ({
  id: task.id,
  runId: task.runId,
  taskKey: task.taskKey,
  resources: option.request,
  tags: task.placement.tags,
  apart: task.placement.apart,
  ...runtimeOf(task, option),
  doneSeconds: task.doneSeconds / option.speed,
  grantedAtMs: atMs,
  keptFor: null,
  endsAtMs: atMs + expectedSeconds(task, option).p50Seconds * 1_000,
});
