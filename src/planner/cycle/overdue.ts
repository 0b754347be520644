import { sizeOf } from '../../domain/index.js';
import type { PoolState, Queued } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import type { Room } from './room.js';

/**
 * Whose turn it is among overdue work in one cycle of one pool. They go strictly in order, and have others give way for them; but
 * they take at most a share of the pool from the rest, for once all have waited too long that would be first come, first served.
 */
export class OverdueTurns {
  readonly #share: number | undefined;
  #held: number | undefined;
  #isOver = false;

  constructor(
    private readonly pool: PoolState,
    private readonly room: Room,
    { preemption }: Policy,
  ) {
    this.#share = preemption?.victims === 'larger-remaining' ? preemption.overdueShare : undefined;
  }

  /** Whether a task may go now: always where nobody gives way, for then its turn costs the rest nothing but their place. */
  has({ task: { options } }: Queued): boolean {
    if (this.#share === undefined) return true;
    if (this.#isOver) return false;
    const taken = this.#taken();
    return taken === 0 || taken + sizeOf(options[0].request) <= this.#share * this.#poolSize();
  }

  /** An overdue task got so much. */
  note(size: number): void {
    this.#held = this.#taken() + size;
  }

  /** The one whose turn it is finds no room: those behind it must not overtake. False where they may. */
  end(): boolean {
    this.#isOver = this.#share !== undefined;
    return this.#isOver;
  }

  #taken(): number {
    if (this.#held !== undefined) return this.#held;
    this.#held = 0;
    for (const { overdue, resources } of this.pool.leases.values())
      if (overdue) this.#held += sizeOf(resources);
    return this.#held;
  }

  #poolSize(): number {
    return this.room.places.reduce((sum, { node }) => sum + sizeOf(node.capacity), 0);
  }
}
