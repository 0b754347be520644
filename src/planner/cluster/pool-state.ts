import {
  type LeasePart,
  type Node,
  type NodeId,
  type Pause,
  type RunningLease,
  subtract,
} from '../../domain/index.js';
import type { Policy } from '../policy/read.js';
import { type Hold, holdOf } from './hold.js';
import { emptyPlace, holdsAsOf, inserted, type Place, placeAsOf, withHold, withoutHold } from './place.js';
import { WaitingQueue } from './waiting-queue.js';

/** The parts of nodes that a lease holds; bare slots that no node has reported yet hold none. */
export const partsOf = ({
  nodeId,
  incarnation,
  devices,
  resources,
  also,
}: RunningLease): readonly LeasePart[] =>
  nodeId === null
    ? []
    : [
        {
          nodeId,
          incarnation,
          devices,
          resources: also.reduce((rest, part) => subtract(rest, part.resources), resources),
        },
        ...also,
      ];

/** What may be read of a pool: only its cluster changes it. */
export type PoolView = Pick<
  PoolState,
  'patienceMs' | 'nodes' | 'leases' | 'givingWay' | 'pauses' | 'places' | 'unbound'
> & { readonly queue: Pick<WaitingQueue, 'size' | 'get' | 'inOrder' | 'indexOf'> };

/** One pool as the planner sees it: its nodes with what is free on each, its leases, its queue. Kept up event by event. */
export class PoolState {
  #queue: WaitingQueue;
  /** How long a task waits here before its size no longer counts (see `patienceFor`); undefined for ever. */
  ownPatienceMs: number | undefined;
  readonly #nodes = new Map<NodeId, Node>();
  readonly #leases = new Map<string, RunningLease>();
  readonly #byNode = new Map<NodeId, Set<RunningLease>>();
  /** By node and device, how many leases hold it: told in whatever order, for a moment there may be two. */
  readonly #holders = new Map<NodeId, Map<number, number>>();
  readonly #givingWay = new Set<RunningLease>();
  #pauses: readonly Pause[] = [];
  /** Nodes that take new work, by id. */
  #places: Place[] = [];
  /** Who holds bare slots that no node has reported yet: they may turn up on any node. */
  #unbound: readonly Hold[] = [];
  #asOfMs = Number.NEGATIVE_INFINITY;

  constructor(policy: Pick<Policy, 'order' | 'classes'>) {
    this.#queue = new WaitingQueue(policy);
  }

  get queue(): WaitingQueue {
    return this.#queue;
  }
  /** Puts the queue in another policy's order. */
  setPolicy(policy: Pick<Policy, 'order' | 'classes'>): void {
    const before = this.#queue;
    this.#queue = new WaitingQueue(policy);
    for (const task of before.tasks()) this.#queue.set(task);
  }

  get patienceMs(): number {
    return this.ownPatienceMs ?? Number.POSITIVE_INFINITY;
  }
  get nodes(): ReadonlyMap<NodeId, Node> {
    return this.#nodes;
  }
  get leases(): ReadonlyMap<string, RunningLease> {
    return this.#leases;
  }
  /** The leases that give way to a waiting task. */
  get givingWay(): ReadonlySet<RunningLease> {
    return this.#givingWay;
  }

  /** What keeps new work from starting here, in an order of its own. */
  pauses(atMs: number): readonly Pause[] {
    return this.#pauses.filter(({ untilMs }) => untilMs === null || atMs < untilMs);
  }
  setPauses(pauses: readonly Pause[]): void {
    this.#pauses = pauses;
  }

  /** The nodes that take work, as things are expected to go on at a time that does not run backwards. */
  places(atMs: number): readonly Place[] {
    this.#age(atMs);
    return this.#places;
  }
  unbound(atMs: number): readonly Hold[] {
    this.#age(atMs);
    return this.#unbound;
  }

  /** A node comes, or comes anew. */
  setNode(node: Node): void {
    this.removeNode(node.id);
    this.#nodes.set(node.id, node);
    if (node.state !== 'active') return;
    const held = [...(this.#byNode.get(node.id) ?? [])];
    const place = held.reduce((before, lease) => this.#held(before, lease), emptyPlace(node));
    this.#places.splice(this.#indexOf(node.id), 0, place);
  }

  removeNode(id: NodeId): void {
    this.#nodes.delete(id);
    const index = this.#indexOf(id);
    if (this.#places[index]?.node.id === id) this.#places.splice(index, 1);
  }

  setLease(lease: RunningLease): void {
    this.removeLease(lease.id);
    this.#leases.set(lease.id, lease);
    if (lease.givesWayTo !== null) this.#givingWay.add(lease);
    for (const { nodeId, devices } of partsOf(lease)) {
      this.#count(nodeId, devices, 1);
      this.#byNode.set(nodeId, (this.#byNode.get(nodeId) ?? new Set()).add(lease));
      this.#change(nodeId, (place) => this.#held(place, lease));
    }
    if (lease.nodeId === null)
      this.#unbound = inserted(this.#unbound, holdOf(lease, lease.resources, this.#since(lease)));
  }

  removeLease(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    this.#givingWay.delete(lease);
    for (const { nodeId, devices } of partsOf(lease)) {
      const left = this.#byNode.get(nodeId);
      left?.delete(lease);
      if (left?.size === 0) this.#byNode.delete(nodeId);
      const free = this.#count(nodeId, devices, -1);
      this.#change(nodeId, (place) => withoutHold(place, id, free));
    }
    if (lease.nodeId === null) this.#unbound = this.#unbound.filter((hold) => hold.id !== id);
  }

  /** One more, or one fewer, holds the devices; returns those that nobody holds. */
  #count(id: NodeId, devices: readonly number[], change: 1 | -1): readonly number[] {
    const holders = this.#holders.get(id) ?? new Map<number, number>();
    this.#holders.set(id, holders);
    return devices.filter((index) => {
      const count = (holders.get(index) ?? 0) + change;
      if (count > 0) holders.set(index, count);
      else holders.delete(index);
      return count <= 0;
    });
  }

  #held(place: Place, lease: RunningLease): Place {
    const part = partsOf(lease).find(({ nodeId }) => nodeId === place.node.id);
    return part === undefined
      ? place
      : withHold(place, holdOf(lease, part.resources, this.#since(lease)), part.devices);
  }

  #since({ grantedAtMs }: RunningLease): number {
    return Math.max(grantedAtMs, this.#asOfMs);
  }

  #change(id: NodeId, to: (place: Place) => Place): void {
    const index = this.#indexOf(id);
    const place = this.#places[index];
    if (place?.node.id === id) this.#places[index] = to(place);
  }

  /** Only a memory of what follows from the leases and the time: asked of an earlier time it is worked out anew. */
  #age(atMs: number): void {
    if (atMs === this.#asOfMs) return;
    if (atMs < this.#asOfMs) this.#forget(atMs);
    this.#asOfMs = atMs;
    for (const [index, place] of this.#places.entries()) {
      const aged = placeAsOf(place, atMs);
      if (aged !== place) this.#places[index] = aged;
    }
    this.#unbound = holdsAsOf(this.#unbound, atMs);
  }

  #forget(atMs: number): void {
    this.#asOfMs = atMs;
    const leases = [...this.#leases.values()];
    for (const node of [...this.#nodes.values()]) this.setNode(node);
    this.#unbound = leases
      .filter(({ nodeId }) => nodeId === null)
      .map((lease) => holdOf(lease, lease.resources, atMs))
      .reduce(inserted, []);
  }

  #indexOf(id: NodeId): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const place = this.#places[middle];
      if (place !== undefined && place.node.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What holders of slots without a node take of the pool. */
export const slotsOf = (holds: readonly Hold[]): number =>
  holds.reduce((sum, { resources }) => sum + resources.slots, 0);
