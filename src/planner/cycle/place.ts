import { add, type LeasePart, NOTHING, type Option, type Resources, subtract } from '../../domain/index.js';
import type { Place, WaitingTask } from '../cluster/index.js';
import { allLeaveRoom, leavesRoom, type Reservation } from './reserve.js';
import { bindable, candidates, fits, isOpenTo, isUnbound, keptApart, portion, type Room } from './room.js';

/** The parts of nodes that a task gets now; none for bare slots. Null where there is no room, or it is kept for another. */
export const placeFor = (
  task: WaitingTask,
  option: Option,
  room: Room,
  reservation: Reservation | null,
): readonly LeasePart[] | null => {
  const { request } = option;
  if (task.placement.spans) return spread(task, option, room, reservation);
  if (isUnbound(task, option)) {
    if (request.slots > room.freeSlots || room.places.length === 0) return null;
    return leavesRoom(task, option, null, reservation, room.atMs) ? [] : null;
  }
  if (!fits(request, room.most)) return null;
  let best: Place | null = null;
  for (const place of candidates(task, option, room)) {
    if (!fits(request, bindable(place, room)) || !isOpenTo(task, place, room)) continue;
    if (keptApart(task, place).length > 0) continue;
    if (!leavesRoom(task, option, place.node.id, reservation, room.atMs)) continue;
    if (best === null || goesBefore(task, place, best)) best = place;
  }
  return best && [partOf(best, request)];
};

/**
 * Which of two places suits a task better: where its data lies, beside those it wants to be near, then the closest fit, so that
 * large tasks find whole nodes free; the id last.
 */
const goesBefore = (task: WaitingTask, a: Place, b: Place): boolean => {
  const difference =
    liking(task, b) - liking(task, a) ||
    a.free.devices - b.free.devices ||
    a.free.cores - b.free.cores ||
    a.free.memoryBytes - b.free.memoryBytes ||
    a.free.slots - b.free.slots;
  return difference < 0 || (difference === 0 && a.node.id < b.node.id);
};

const liking = ({ placement: { dataOn, near } }: WaitingTask, { node, holds }: Place): number => {
  if (dataOn.length === 0 && near.length === 0) return 0;
  const beside = holds.some(({ tags }) => tags.some((tag) => near.includes(tag)));
  return (dataOn.includes(node.id) ? 2 : 0) + (beside ? 1 : 0);
};

/** What of a place a request takes. */
export const partOf = ({ node, devices }: Place, request: Resources): LeasePart => ({
  nodeId: node.id,
  incarnation: node.incarnation,
  devices: devices.slice(0, request.devices),
  resources: {
    devices: request.devices,
    cores: request.cores,
    memoryBytes: request.memoryBytes,
    slots: request.slots,
  },
});

/** A gang over several nodes, on as few as possible: those with most free devices first. What goes with a device goes along. */
const spread = (
  task: WaitingTask,
  option: Option,
  room: Room,
  reservation: Reservation | null,
): readonly LeasePart[] | null => {
  const alone = placeFor(
    { ...task, placement: { ...task.placement, spans: false } },
    option,
    room,
    reservation,
  );
  if (alone !== null) return alone;
  const open = candidates(task, option, room)
    .filter(
      (place) => place.free.devices > 0 && isOpenTo(task, place, room) && keptApart(task, place).length === 0,
    )
    .sort((a, b) => b.free.devices - a.free.devices || (a.node.id < b.node.id ? -1 : 1));
  const unreserved = open.filter(({ node }) => node.id !== reservation?.nodeId);
  for (const places of unreserved.length < open.length ? [open, unreserved] : [open]) {
    const parts = divided(option, places, room);
    if (parts !== null && allLeaveRoom(task, option, parts, reservation, room.atMs)) return parts;
  }
  return null;
};

const divided = ({ request }: Option, places: readonly Place[], room: Room): readonly LeasePart[] | null => {
  const parts: LeasePart[] = [];
  let missing = request.devices;
  let given: Resources = NOTHING;
  for (const place of places) {
    const devices = Math.min(missing, place.free.devices);
    const share = devices === missing ? subtract(request, given) : portion(request, devices);
    if (!fits(share, bindable(place, room))) continue;
    parts.push(partOf(place, share));
    given = add(given, share);
    missing -= devices;
    if (missing === 0) return parts;
  }
  return null;
};
