import { POOLS, type Pool, type Rank } from '../../domain/index.js';
import {
  type Cluster,
  type LoadNumbers,
  type Policy,
  PoolLoad,
  patienceFor,
  rankFor,
  VirtualFifo,
} from '../../planner/index.js';

/** One pool's size, in the unit of `sizeOf`, and what its load has come to. */
interface Loaded {
  size: number;
  readonly load: PoolLoad;
  readonly fifo: VirtualFifo;
}

/** How loaded each pool is in virtual time: what ranks runs, and how long the cluster lets them wait. */
export class PoolLoads {
  readonly #pools: Readonly<Record<Pool, Loaded>> = { gpu: idle(), cpu: idle(), io: idle() };

  constructor(
    private readonly cluster: Cluster,
    private readonly policy: Policy,
  ) {}

  /** The size of all pools together. */
  get size(): number {
    return POOLS.reduce((sum, pool) => sum + this.#pools[pool].size, 0);
  }

  numbers(pool: Pool): LoadNumbers {
    return this.#pools[pool].load.numbers;
  }

  /** Nodes came, or went. */
  resize(pool: Pool, by: number): void {
    this.#pools[pool].size += by;
  }

  /** A run arrives with so much work in a pool, as wide as that work by its longest path; returns its rank there. */
  arrive(
    id: string,
    pool: Pool,
    deviceSeconds: number,
    width: number,
    latestStartAtMs: number | null,
    nowMs: number,
  ): Rank {
    const { size, load, fifo } = this.#pools[pool];
    load.arrived(deviceSeconds, size);
    fifo.arrived(id, width, nowMs);
    fifo.advance(nowMs, size);
    load.waited(fifo.longestWaitMs);
    this.cluster.setPatience(pool, patienceFor(load, this.policy));
    return rankFor(nowMs, load, this.policy, latestStartAtMs);
  }

  /** What is unfinished became so much more, or, where a task has ended, less. */
  change(pool: Pool, deviceSeconds: number): void {
    const { load, size } = this.#pools[pool];
    load.changed(deviceSeconds, size);
  }

  /** A run has ended; its work at its width took so long. */
  end(id: string, pool: Pool, lengthMs: number, nowMs: number): void {
    this.#pools[pool].load.ended(lengthMs);
    this.#pools[pool].fifo.ended(id, lengthMs, nowMs);
  }

  /** A run will never end. */
  leave(id: string, pool: Pool, nowMs: number): void {
    this.#pools[pool].fifo.ended(id, 0, nowMs);
  }
}

const idle = (): Loaded => ({ size: 0, load: new PoolLoad(), fifo: new VirtualFifo() });
