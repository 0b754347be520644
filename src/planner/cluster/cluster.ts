import {
  add,
  NOTHING,
  type Node,
  type NodeId,
  type Pause,
  POOLS,
  type Pool,
  poolsIn,
  type Resources,
  type RunningLease,
  subtract,
} from '../../domain/index.js';
import type { Policy } from '../policy/read.js';
import type { Gate, PieceKind, PieceStore, Pieces } from './pieces.js';
import { PoolState, type PoolView } from './pool-state.js';
import { NO_SPENDING, type Spending, type Spent, UNSPENT } from './spending.js';
import { type SharesInUse, TenantUse } from './tenant-use.js';
import type { LookAhead, Queued } from './waiting-queue.js';
import type { WaitingTask } from './waiting-task.js';

/**
 * All that a cycle is planned on, kept up event by event by whoever owns it: the ledger live, the simulator in virtual time. The
 * same nodes, leases and tasks make the same cluster in whatever order they came.
 */
export class Cluster {
  /** Told of each piece that has changed, once it is in place. */
  onChange: ((kind: PieceKind, id: string) => void) | undefined;
  readonly #use: TenantUse;
  readonly #spent = new Map<string, Spent>();
  readonly #spending = new Map<string, Spending>();
  readonly #pauses = new Map<string, Pause>();
  readonly #gates = new Map<string, Gate>();
  readonly #pools: Readonly<Record<Pool, PoolState>>;
  readonly #nodePool = new Map<string, Pool>();
  readonly #leasePool = new Map<string, Pool>();
  readonly #tasks = new Map<string, WaitingTask>();
  readonly #limits = new Map<string, number>();
  readonly #held = new Map<string, Resources>();
  readonly #stores: { readonly [Kind in PieceKind]: PieceStore<Pieces[Kind]> };

  constructor(policy: Pick<Policy, 'order' | 'classes' | 'shares'>) {
    this.#use = new TenantUse(policy.shares);
    this.#pools = { gpu: new PoolState(policy), cpu: new PoolState(policy), io: new PoolState(policy) };
    const pools = this.#pools;
    const inPool = (ids: Map<string, Pool>, id: string) => pools[ids.get(id) ?? 'gpu'];
    this.#stores = {
      node: {
        get: (id) => inPool(this.#nodePool, id).nodes.get(id as NodeId),
        set: (id, node) => this.#putNode(id, node),
        ids: () => this.#nodePool.keys(),
      },
      lease: {
        get: (id) => inPool(this.#leasePool, id).leases.get(id),
        set: (id, lease) => this.#putLease(id, lease),
        ids: () => this.#leasePool.keys(),
      },
      task: {
        get: (id) => this.#tasks.get(id),
        set: (id, task) => this.#putTask(id, task),
        ids: () => this.#tasks.keys(),
      },
      use: this.#use,
      spent: inMap(this.#spent),
      spending: inMap(this.#spending),
      pause: {
        get: (id) => this.#pauses.get(id),
        set: (id, pause) => this.#putPause(id, pause),
        ids: () => this.#pauses.keys(),
      },
      gate: inMap(this.#gates),
      patience: {
        get: (pool) => pools[pool as Pool].ownPatienceMs,
        set: (pool, patienceMs) => {
          pools[pool as Pool].ownPatienceMs = patienceMs;
        },
        ids: () => POOLS,
      },
    };
  }

  /** Puts a piece in its place, or takes it away: the only way in which a cluster changes. */
  set<Kind extends PieceKind>(kind: Kind, id: string, piece: Pieces[Kind] | undefined): void {
    const store: PieceStore<Pieces[Kind]> = this.#stores[kind];
    if (store.get(id) === piece) return;
    store.set(id, piece);
    this.onChange?.(kind, id);
  }
  /** A piece as it stands. */
  get<Kind extends PieceKind>(kind: Kind, id: string): Pieces[Kind] | undefined {
    return this.#stores[kind].get(id);
  }
  /** The ids of all pieces of a kind; while they are read, those set anew come last. */
  ids(kind: PieceKind): Iterable<string> {
    return this.#stores[kind].ids();
  }
  /** All kinds of pieces. */
  get kinds(): readonly PieceKind[] {
    return Object.keys(this.#stores) as PieceKind[];
  }

  /** Another policy decides the order from now on. Ranks are the owner's: it sets the tasks and leases whose rank differs. */
  setPolicy({ order, classes, shares }: Pick<Policy, 'order' | 'classes' | 'shares'>): void {
    this.#use.setShares(shares);
    for (const pool of POOLS) this.#pools[pool].setPolicy({ order, classes });
  }

  pool(pool: Pool): PoolView {
    return this.#pools[pool];
  }
  /** What tenants have used of late. */
  get use(): SharesInUse {
    return this.#use;
  }

  setNode(node: Node): void {
    this.set('node', node.id, node);
  }
  removeNode(id: NodeId): void {
    this.set('node', id, undefined);
  }
  /** Nothing new starts in the pause's scope. One of the same scope and cause takes its place. */
  setPause(pause: Pause): void {
    this.set('pause', pauseKey(pause), pause);
  }
  removePause(pause: Pick<Pause, 'scope' | 'cause'>): void {
    this.set('pause', pauseKey(pause), undefined);
  }
  setLease(lease: RunningLease): void {
    this.set('lease', lease.id, lease);
  }
  removeLease(id: string): void {
    this.set('lease', id, undefined);
  }
  /** A task waits in the queue of each pool that it could go to. */
  setTask(task: WaitingTask): void {
    this.set('task', task.id, task);
  }
  removeTask(id: string): void {
    this.set('task', id, undefined);
  }
  /** How long a task waits in a pool before its size no longer counts; may be for ever. */
  setPatience(pool: Pool, patienceMs: number): void {
    this.set('patience', pool, Number.isFinite(patienceMs) ? patienceMs : undefined);
  }
  task(id: string): WaitingTask | undefined {
    return this.#tasks.get(id);
  }
  get waiting(): number {
    return this.#tasks.size;
  }

  #putNode(id: string, node: Node | undefined): void {
    const pool = this.#nodePool.get(id);
    if (pool !== undefined) this.#pools[pool].removeNode(id as NodeId);
    this.#nodePool.delete(id);
    if (node === undefined) return;
    this.#nodePool.set(id, node.pool);
    this.#pools[node.pool].setNode(node);
  }

  #putPause(id: string, pause: Pause | undefined): void {
    if (pause === undefined) this.#pauses.delete(id);
    else this.#pauses.set(id, pause);
    const pauses = [...this.#pauses.values()].sort((a, b) => (pauseKey(a) < pauseKey(b) ? -1 : 1));
    for (const pool of POOLS)
      this.#pools[pool].setPauses(pauses.filter(({ scope }) => poolsIn(scope).includes(pool)));
  }

  #putLease(id: string, lease: RunningLease | undefined): void {
    const before = this.#stores.lease.get(id);
    if (before !== undefined) {
      this.#leasePool.delete(id);
      this.#pools[before.pool].removeLease(id);
      this.#count(before, -1);
    }
    if (lease === undefined) return;
    this.#leasePool.set(id, lease.pool);
    this.#pools[lease.pool].setLease(lease);
    this.#count(lease, 1);
  }

  #putTask(id: string, task: WaitingTask | undefined): void {
    const before = this.#tasks.get(id);
    if (before !== undefined) {
      this.#tasks.delete(id);
      for (const pool of poolsOf(before)) this.#pools[pool].queue.remove(id);
    }
    if (task === undefined) return;
    this.#tasks.set(id, task);
    for (const pool of poolsOf(task)) this.#pools[pool].queue.set(task);
  }

  /**
   * A pool's queue from its head, so far. `given`: device-seconds granted to tenants since, by forecast; as it grows while
   * the queue is read, tenants go in turn.
   */
  queue(
    pool: Pool,
    ahead: LookAhead,
    atMs: number,
    given: ReadonlyMap<string, number> = NOTHING_GIVEN,
  ): Iterable<Queued> {
    const { queue, patienceMs } = this.#pools[pool];
    const shareOf = (tenant: string) =>
      this.use.shareOf(tenant, atMs) + this.use.weighed(tenant, given.get(tenant) ?? 0);
    return queue.inOrder(ahead, shareOf, { atMs, patienceMs });
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
    this.set('spent', tenant, spent);
  }

  /** What bounds how many may start in a pool, or of those that call a service. */
  gate(scope: string): Gate | undefined {
    return this.#gates.get(scope);
  }
  setGate(scope: string, gate: Gate | undefined): void {
    this.set('gate', scope, gate);
  }

  /** What all tenants together have spent. */
  get spending(): Spending {
    return this.#spending.get(ALL) ?? NO_SPENDING;
  }
  setSpending(spending: Spending): void {
    this.set('spending', ALL, spending);
  }

  #count({ placement, tenant, resources }: RunningLease, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(placement.limits))
      this.#limits.set(name, this.inUse(name) + sign * amount);
    const { cores, ...held } = (sign > 0 ? add : subtract)(this.heldBy(tenant), resources);
    // Cores come in parts, and sums of parts must not depend on their order.
    this.#held.set(tenant, { ...held, cores: Math.round(cores * 1e6) / 1e6 });
  }
}

const pauseKey = ({ scope, cause }: Pick<Pause, 'scope' | 'cause'>): string => `${scope}/${cause}`;

/** The id of a piece of which there is one only. */
const ALL = 'all';

const inMap = <Piece>(map: Map<string, Piece>): PieceStore<Piece> => ({
  get: (id) => map.get(id),
  set: (id, piece) => void (piece === undefined ? map.delete(id) : map.set(id, piece)),
  ids: () => map.keys(),
});

const NOTHING_GIVEN: ReadonlyMap<string, number> = new Map();

/** The pools that a task could go to, each once. */
export const poolsOf = ({ options }: WaitingTask): readonly Pool[] =>
  POOLS.filter((pool) => options.some(({ request }) => request.pool === pool));
