import {
  add,
  type LeasePart,
  NOTHING,
  type Node,
  type NodeId,
  type Option,
  RESOURCE_KINDS,
  type Resources,
  type RunningLease,
  subtract,
} from '../../src/domain/index.js';
import type { Grant, WaitingTask } from '../../src/planner/index.js';
import type { Content } from './builders.js';

/** Who holds what of which node: worked out again from the leases and the grants alone, sharing nothing with the planner. */
export interface Holder {
  readonly nodeId: NodeId | null;
  readonly pool: string;
  readonly resources: Resources;
  readonly devices: readonly number[];
  readonly tags: readonly string[];
  readonly apart: readonly string[];
}

interface Holding {
  readonly nodeId: NodeId | null;
  readonly devices: readonly number[];
  readonly resources: Resources;
  readonly also: readonly LeasePart[];
}

const partsOf = ({ nodeId, devices, resources, also }: Holding) => [
  { nodeId, devices, resources: also.reduce((rest, part) => subtract(rest, part.resources), resources) },
  ...also,
];

export const taskOf = ({ id }: { readonly id: string }, { waiting = [] }: Content): WaitingTask => {
  const task = waiting.find((other) => other.id === id);
  if (task === undefined) throw new Error(`nobody asked for ${id}`);
  return task;
};

/** All who hold something once the grants are done. */
export const holdersOf = (content: Content, grants: readonly Grant[]): readonly Holder[] => [
  ...(content.leases ?? []).flatMap((lease: RunningLease) =>
    partsOf(lease).map((part) => ({
      ...part,
      pool: lease.pool,
      tags: lease.placement.tags,
      apart: lease.placement.apart,
    })),
  ),
  ...grants.flatMap((grant) => {
    const { tags, apart } = taskOf(grant, content).placement;
    return partsOf({ ...grant, resources: grant.option.request }).map((part) => ({
      ...part,
      pool: grant.pool,
      tags,
      apart,
    }));
  }),
];

export const sumOf = (holders: readonly Holder[]): Resources =>
  holders.reduce((sum, { resources }) => add(sum, resources), NOTHING);

export const freeOn = (node: Node, holders: readonly Holder[]): Resources =>
  subtract(node.capacity, sumOf(holders.filter(({ nodeId }) => nodeId === node.id)));

export const fitsInto = (asked: Resources, free: Resources): boolean =>
  RESOURCE_KINDS.every((kind) => asked[kind] <= free[kind]);

const oneDevicesPart = ({ devices, cores, memoryBytes, slots }: Resources): Resources => ({
  devices: 1,
  cores: Math.floor(cores / devices),
  memoryBytes: Math.floor(memoryBytes / devices),
  slots: Math.floor(slots / devices),
});

/** The nodes that take work and have what a task asks for, were they empty. */
export const ableNodes = (
  { placement }: WaitingTask,
  { request }: Option,
  nodes: readonly Node[],
): readonly Node[] =>
  nodes.filter(
    (node) =>
      node.pool === request.pool &&
      node.state === 'active' &&
      Object.entries(placement.labels).every(([name, value]) => node.labels[name] === value) &&
      fitsInto(placement.spans ? oneDevicesPart(request) : request, node.capacity),
  );

/** Whether two must not run on one node. */
export const areApart = (
  a: { readonly tags: readonly string[]; readonly apart: readonly string[] },
  b: { readonly tags: readonly string[]; readonly apart: readonly string[] },
): boolean => a.apart.some((tag) => b.tags.includes(tag)) || b.apart.some((tag) => a.tags.includes(tag));

/** Bare slots bind to whichever node reports them first. */
export const isBare = ({ placement }: WaitingTask, { request }: Option): boolean =>
  request.devices === 0 &&
  request.cores === 0 &&
  request.memoryBytes === 0 &&
  Object.keys(placement.labels).length === 0 &&
  placement.apart.length === 0;
