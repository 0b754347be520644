import type { RunningLease } from '../../domain/index.js';
import {
  type Cluster,
  type Place,
  partsOf,
  poolsOf,
  type WaitingTask,
  withoutHold,
} from '../cluster/index.js';
import { fits, isAble, roomOf } from '../cycle/room.js';

/** Running work whose end would leave room for a task. */
export type Ending = readonly RunningLease[];

/** Each is planned again: a few are enough to name. */
const TRIED = 3;
/** Nobody wants to be told of a dozen tasks that stand in the way. */
const MOST = 3;

/** Sets of running work on one node each that leave room once they end, those with the least still to do first. */
export const endingsFor = (task: WaitingTask, cluster: Cluster, atMs: number): readonly Ending[] => {
  const found = poolsOf(task).flatMap((pool) => {
    const { leases } = cluster.pool(pool);
    const option = task.options.find(({ request }) => request.pool === pool) ?? task.options[0];
    return roomOf(cluster.pool(pool), atMs)
      .places.filter((place) => isAble(task, option, place))
      .flatMap((place) => fewest(place, option.request, leases) ?? []);
  });
  return found
    .sort((a, b) => a.leases.length - b.leases.length || a.leftMs - b.leftMs || (a.name < b.name ? -1 : 1))
    .slice(0, TRIED)
    .map(({ leases }) => leases);
};

/** The largest holders of a node first, until the request fits. */
const fewest = (place: Place, request: Place['free'], leases: ReadonlyMap<string, RunningLease>) => {
  const largest = [...place.holds].sort(
    (a, b) =>
      b.resources.devices - a.resources.devices ||
      b.resources.cores - a.resources.cores ||
      a.endsAtMs - b.endsAtMs ||
      (a.id < b.id ? -1 : 1),
  );
  const chosen: RunningLease[] = [];
  let rest = place;
  let leftMs = 0;
  for (const hold of largest) {
    if (fits(request, rest.free)) break;
    const lease = leases.get(hold.id);
    if (lease === undefined || chosen.length === MOST) return null;
    const part = partsOf(lease).find(({ nodeId }) => nodeId === place.node.id);
    rest = withoutHold(rest, hold.id, part?.devices ?? []);
    chosen.push(lease);
    leftMs += hold.endsAtMs;
  }
  return chosen.length > 0 && fits(request, rest.free)
    ? { leases: chosen, leftMs, name: place.node.id as string }
    : null;
};
