import { type Blocker, type Node, type Option, RESOURCE_KINDS, type Resources } from '../../domain/index.js';
import type { Hold, Place, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { placeFor } from './place.js';
import type { Reservation } from './reserve.js';
import { bindable, candidates, fits, isAble, isUnbound, keptApart, type Room } from './room.js';
import { amountOf, count, listing, span } from './words.js';

/** What stands between a waiting task and its start. */
export interface Obstacles {
  readonly task: WaitingTask;
  readonly option: Option;
  /** Place in the queue, from 1. */
  readonly position: number;
  /** The task at the head of its pool's queue. */
  readonly first: WaitingTask | null;
  readonly reservation: Reservation | null;
  /** The node that it is pinned to, if any. */
  readonly pinnedTo: Node | undefined;
  /** Whether it stands so near the head that its search for room says something. */
  readonly near: boolean;
}

/** Every reason why there is no room for the task now, the room being what this cycle's grants have left. */
export const blockersOf = (obstacles: Obstacles, room: Room, policy: Policy): readonly Blocker[] => {
  const { task, option, near } = obstacles;
  const able = room.places.filter((place) => isAble(task, option, place));
  const short = near ? shortOfRoom(task, option, able, room) : [];
  return [
    ...(able.length === 0 || short.length > 0 ? pinned(obstacles) : []),
    ...(able.length > 0 ? short : task.pin ? [] : [noNode(task, option, room)]),
    ...(able.length === 0 || short.length > 0 ? failingNodes(task, option, room) : []),
    ...behindOthers(obstacles, policy),
  ];
};

const pinned = ({ task: { pin }, pinnedTo }: Obstacles): readonly Blocker[] => {
  if (pin === undefined) return [];
  const state =
    pinnedTo === undefined || pinnedTo.state === 'active' ? '' : `; that node is ${pinnedTo.state}`;
  return [{ code: 'pinned', detail: `pinned to ${pin.nodeId} by ${pin.by}: ${pin.reason}${state}` }];
};

const noNode = ({ placement: { labels } }: WaitingTask, { request }: Option, { places }: Room): Blocker => {
  if (places.length === 0)
    return { code: 'no-node', detail: `no ${request.pool} node is connected and taking work` };
  const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const labelled = wanted.length > 0 ? ` and ${listing(wanted, wanted.length)}` : '';
  return { code: 'no-node', detail: `no live ${request.pool} node has ${amounts(request)}${labelled}` };
};

const amounts = (asked: Resources): string =>
  listing(
    RESOURCE_KINDS.filter((kind) => asked[kind] > 0).map((kind) => amountOf(kind, asked[kind])),
    RESOURCE_KINDS.length,
  );

const shortOfRoom = (
  task: WaitingTask,
  option: Option,
  able: readonly Place[],
  room: Room,
): readonly Blocker[] => {
  const { request } = option;
  if (isUnbound(task, option)) return request.slots > room.freeSlots ? [slotsInUse(option, room)] : [];
  if (task.placement.spans) return spanShort(task, option, able, room);
  const trusted = candidates(task, option, room);
  const suspect = able.filter((place) => !trusted.includes(place) && fits(request, bindable(place, room)));
  const full = trusted.filter((place) => !fits(request, bindable(place, room)));
  const apart = trusted.filter((place) => !full.includes(place) && keptApart(task, place).length > 0);
  if (full.length + apart.length < trusted.length) return [];
  return [
    ...full.slice(0, 3).map((place) => nodeInUse(option, place, room)),
    ...apart.slice(0, 3).map((place) => besideOthers(task, place)),
    ...(suspect.length > 0 ? [suspectNodes(suspect)] : []),
  ];
};

const spanShort = (
  task: WaitingTask,
  option: Option,
  able: readonly Place[],
  room: Room,
): readonly Blocker[] => {
  if (placeFor(task, option, room, null) !== null) return [];
  const { devices } = option.request;
  const free = freeDevices(able);
  const trusted = candidates(task, option, room);
  const apart = trusted.filter((place) => keptApart(task, place).length > 0);
  const open = trusted.filter((place) => !apart.includes(place));
  const suspect = able.filter((place) => !trusted.includes(place) && place.free.devices > 0);
  const others = [
    ...apart.slice(0, 3).map((place) => besideOthers(task, place)),
    ...(suspect.length > 0 ? [suspectNodes(suspect)] : []),
  ];
  if (free >= devices && freeDevices(open) < devices) return others;
  const total = able.reduce((sum, { node }) => sum + node.capacity.devices, 0);
  const short = free < devices ? '' : ', but not with what else goes with them';
  const holds = able.flatMap((place) => place.holds);
  const detail = `${free} of ${count(total, 'device')} on ${count(able.length, 'node')} are free${short}${heldBy(holds, room.atMs)}`;
  return [{ code: 'no-capacity', detail }, ...others];
};

const freeDevices = (places: readonly Place[]): number =>
  places.reduce((sum, { free }) => sum + Math.max(0, free.devices), 0);

const besideOthers = (task: WaitingTask, place: Place): Blocker => ({
  code: 'kept-apart',
  detail: `${place.node.id} has room, but ${listing(keptApart(task, place).map(({ runId, taskKey }) => `${runId}/${taskKey}`))} runs there`,
});

const failingNodes = (task: WaitingTask, option: Option, room: Room): readonly Blocker[] => {
  const open = room.failing.filter(
    (place) => isAble(task, option, place) && fits(option.request, bindable(place, room)),
  );
  if (open.length === 0) return [];
  const named = open.map(({ node: { id, health } }) => (health ? `${id} (${health.detail})` : id));
  return [{ code: 'node-failing', detail: `no new work goes to ${listing(named)}` }];
};

const suspectNodes = (places: readonly Place[]): Blocker => ({
  code: 'node-suspect',
  detail: `${listing(places.map(({ node }) => node.id))} would have room but failed this task before`,
});

const slotsInUse = ({ request }: Option, room: Room): Blocker => {
  const holds = [...room.places.flatMap(({ holds }) => holds), ...room.unbound];
  const total = room.places.reduce((sum, { node }) => sum + node.capacity.slots, 0);
  return {
    code: 'no-capacity',
    detail: `${Math.max(0, room.freeSlots)} of ${count(total, 'slot')} of pool ${request.pool} are free${heldBy(holds, room.atMs)}`,
  };
};

const nodeInUse = ({ request }: Option, place: Place, room: Room): Blocker => {
  const free = bindable(place, room);
  const short = RESOURCE_KINDS.filter((kind) => request[kind] > free[kind]);
  const holds = place.holds.filter(({ resources }) => short.some((kind) => resources[kind] > 0));
  const left = short.map(
    (kind) =>
      `${amountOf(kind, Math.max(0, free[kind]))} free of ${amountOf(kind, place.node.capacity[kind])}`,
  );
  return {
    code: 'no-capacity',
    detail: `${place.node.id} has ${left.join(', ')}${heldBy(holds, room.atMs)}`,
  };
};

/** Who holds it, the one that is expected to end first named first. */
const heldBy = (holds: readonly Hold[], atMs: number): string => {
  const names = [...holds]
    .sort((a, b) => a.endsAtMs - b.endsAtMs)
    .map(({ runId, taskKey, endsAtMs, keptFor }) => {
      const givesWay = keptFor === null ? '' : 'gives way, ';
      return `${runId}/${taskKey} (${givesWay}about ${span(endsAtMs - atMs)} more)`;
    });
  return names.length > 0 ? `; held by ${listing(names)}` : '';
};

const behindOthers = (
  { task, position, first, reservation }: Obstacles,
  { order }: Policy,
): readonly Blocker[] => {
  if (position === 1 || first === null) return [];
  const others = `${count(position - 1, 'task')} ${position === 2 ? 'stands' : 'stand'} before it`;
  const kept =
    reservation !== null && reservation.task.id !== task.id
      ? `; room is kept for ${nameOf(reservation.task)}`
      : '';
  const shared =
    order.includes('share') && first.tenant !== task.tenant ? `, whose tenant ${first.tenant} used less` : '';
  return [{ code: 'behind-queue', detail: `${others}, first ${nameOf(first)}${shared}${kept}` }];
};

const nameOf = ({ runId, taskKey, priorityClass }: WaitingTask): string =>
  `${runId}/${taskKey} (${priorityClass})`;
