import { POOLS, type Pool, type RunId } from '../../domain/index.js';
import { VirtualFifo } from '../../planner/index.js';
import type { ByPool } from './run-length.js';

/** Each pool's size; see `Image.sizeOf`. */
export type PoolSizes = (pool: Pool) => number;

/**
 * What first come, first served would do in each pool, for the bound on waiting. Made from runs that are written, so that nothing of
 * it need ever be taken back; each process keeps its own, and the longest wait that any has seen stands in the head. Its clock never
 * runs back: what is heard of late, from another process, happens now.
 */
export class VirtualQueues {
  readonly #fifos: Readonly<Record<Pool, VirtualFifo>> = {
    gpu: new VirtualFifo(),
    cpu: new VirtualFifo(),
    io: new VirtualFifo(),
  };
  readonly #open = new Map<RunId, ByPool>();
  #clockMs = Number.NEGATIVE_INFINITY;

  /** The longest wait so far. */
  longestWaitMs(pool: Pool): number {
    return this.#fifos[pool].longestWaitMs;
  }

  /** A run's width while it is open here. */
  widths(runId: RunId): ByPool | undefined {
    return this.#open.get(runId);
  }

  /** Goes on to a moment. */
  advance(atMs: number, sizeOf: PoolSizes): void {
    this.#clockMs = Math.max(this.#clockMs, atMs);
    for (const pool of POOLS) this.#fifos[pool].advance(this.#clockMs, sizeOf(pool));
  }

  /** A run comes with so much work at once. */
  arrived(runId: RunId, widths: ByPool, atMs: number, sizeOf: PoolSizes): void {
    this.advance(atMs, sizeOf);
    this.#open.set(runId, widths);
    for (const [pool, width] of widths) this.#fifos[pool].arrived(runId, width, this.#clockMs);
    this.advance(atMs, sizeOf);
  }

  /** A run has ended; its work at its width took so long. */
  ended(runId: RunId, lengthsMs: ByPool, atMs: number, sizeOf: PoolSizes): void {
    this.advance(atMs, sizeOf);
    this.#open.delete(runId);
    for (const [pool, lengthMs] of lengthsMs) this.#fifos[pool].ended(runId, lengthMs, this.#clockMs);
  }
}
