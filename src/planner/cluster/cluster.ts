import {
  add,
  NOTHING,
  type Node,
  type NodeId,
  POOLS,
  type Pool,
  type Resources,
  type RunningLease,
  subtract,
} from '../../domain/index.js';
import type { Policy } from '../policy/read.js';
import { PoolState } from './pool-state.js';
import { NO_SPENDING, type Spending, type Spent, UNSPENT } from './spending.js';
import { TenantUse } from './tenant-use.js';
import type { Queued } from './waiting-queue.js';
import type { WaitingTask } from './waiting-task.js';

/**
 * All that a cycle is planned on, kept up event by event by whoever owns it: the ledger live, the simulator in virtual time. The
 * same nodes, leases and tasks make the same cluster in whatever order they came.
 */
export class Cluster {
  readonly use: TenantUse;
  readonly #pools: Readonly<Record<Pool, PoolState>>;
  readonly #nodePool = new Map<NodeId, Pool>();
  readonly #leasePool = new Map<string, Pool>();
  readonly #tasks = new Map<string, WaitingTask>();
  readonly #limits = new Map<string, number>();
  readonly #held = new Map<string, Resources>();
  readonly #spent = new Map<string, Spent>();
  #spending = NO_SPENDING;

  constructor(policy: Pick<Policy, 'order' | 'classes' | 'shares'>) {
    this.use = new TenantUse(policy.shares);
    this.#pools = { gpu: new PoolState(policy), cpu: new PoolState(policy), io: new PoolState(policy) };
  }

  pool(pool: Pool): PoolState {
    return this.#pools[pool];
  }

  setNode(node: Node): void {
    this.removeNode(node.id);
    this.#nodePool.set(node.id, node.pool);
    this.#pools[node.pool].setNode(node);
  }
  removeNode(id: NodeId): void {
    const pool = this.#nodePool.get(id);
    if (pool !== undefined) this.#pools[pool].removeNode(id);
    this.#nodePool.delete(id);
  }

  setLease(lease: RunningLease): void {
    this.removeLease(lease.id);
    this.#leasePool.set(lease.id, lease.pool);
    this.#pools[lease.pool].setLease(lease);
    this.#count(lease, 1);
  }
  removeLease(id: string): void {
    const pool = this.#leasePool.get(id);
    const lease = pool && this.#pools[pool].leases.get(id);
    if (lease === undefined) return;
    this.#leasePool.delete(id);
    this.#pools[lease.pool].removeLease(id);
    this.#count(lease, -1);
  }

  /** A task waits in the queue of each pool that it could go to. */
  setTask(task: WaitingTask): void {
    this.removeTask(task.id);
    this.#tasks.set(task.id, task);
    for (const pool of poolsOf(task)) this.#pools[pool].queue.set(task);
  }
  removeTask(id: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#tasks.delete(id);
    for (const pool of poolsOf(task)) this.#pools[pool].queue.remove(id);
  }
  task(id: string): WaitingTask | undefined {
    return this.#tasks.get(id);
  }
  get waiting(): number {
    return this.#tasks.size;
  }

  /**
   * A pool's queue from its head, at most so long. `given`: device-seconds granted to tenants since, by forecast; as it grows while
   * the queue is read, tenants go in turn.
   */
  queue(
    pool: Pool,
    lookAhead: number,
    atMs: number,
    given: ReadonlyMap<string, number> = NOTHING_GIVEN,
  ): Iterable<Queued> {
    const { queue, patienceMs } = this.#pools[pool];
    const shareOf = (tenant: string) =>
      this.use.shareOf(tenant, atMs) + this.use.weighed(tenant, given.get(tenant) ?? 0);
    return queue.inOrder(lookAhead, shareOf, { atMs, patienceMs });
  }

  /** A task's place in a pool's queue, from 1. */
  position(pool: Pool, task: WaitingTask, atMs: number): number {
    const { queue, patienceMs } = this.#pools[pool];
    return queue.indexOf(task, (tenant) => this.use.shareOf(tenant, atMs), { atMs, patienceMs }) + 1;
  }

  /** How much of a named limit is in use. */
  inUse(limit: string): number {
    return this.#limits.get(limit) ?? 0;
  }

  /** What a tenant's leases hold, over all pools. */
  heldBy(tenant: string): Resources {
    return this.#held.get(tenant) ?? NOTHING;
  }

  /** What a tenant has spent, as far as it counts against its budget. */
  spentBy(tenant: string): Spent {
    return this.#spent.get(tenant) ?? UNSPENT;
  }
  setSpent(tenant: string, spent: Spent): void {
    this.#spent.set(tenant, spent);
  }

  /** What all tenants together have spent. */
  get spending(): Spending {
    return this.#spending;
  }
  setSpending(spending: Spending): void {
    this.#spending = spending;
  }

  #count({ placement, tenant, resources }: RunningLease, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(placement.limits))
      this.#limits.set(name, this.inUse(name) + sign * amount);
    const { cores, ...held } = (sign > 0 ? add : subtract)(this.heldBy(tenant), resources);
    // Cores come in parts, and sums of parts must not depend on their order.
    this.#held.set(tenant, { ...held, cores: Math.round(cores * 1e6) / 1e6 });
  }
}

const NOTHING_GIVEN: ReadonlyMap<string, number> = new Map();

/** The pools that a task could go to, each once. */
export const poolsOf = ({ options }: WaitingTask): readonly Pool[] =>
  POOLS.filter((pool) => options.some(({ request }) => request.pool === pool));
