import { type PriorityClass, sizeOf } from '../../domain/index.js';
import type { PoolView, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import type { Room } from './room.js';

/**
 * Whose turn it is among the overdue work of each class in one cycle of one pool. They go strictly in order, and have others give way for them; but
 * they take at most a share of the pool from the rest, for once all have waited too long that would be first come, first served.
 */
export class OverdueTurns {
  readonly #share: number | undefined;
  /** What overdue work of each class holds; worked out when the first task asks. */
  #held: Map<PriorityClass, number> | undefined;
  readonly #over = new Set<PriorityClass>();

  constructor(
    private readonly pool: PoolView,
    private readonly room: Room,
    { preemption }: Policy,
  ) {
    this.#share = preemption?.victims === 'larger-remaining' ? preemption.overdueShare : undefined;
  }

  /** Whether a task may go now: always where nobody gives way, for then its turn costs the rest nothing but their place. */
  has({ priorityClass, options }: WaitingTask): boolean {
    if (this.#share === undefined) return true;
    if (this.#over.has(priorityClass)) return false;
    const taken = this.#taken().get(priorityClass) ?? 0;
    return taken === 0 || taken + sizeOf(options[0].request) <= this.#share * this.#poolSize();
  }

  /** An overdue task got so much. */
  note({ priorityClass }: WaitingTask, size: number): void {
    this.#taken().set(priorityClass, (this.#taken().get(priorityClass) ?? 0) + size);
  }

  /** The one whose turn it is finds no room: those of its class behind it must not overtake. False where they may. */
  end({ priorityClass }: WaitingTask): boolean {
    if (this.#share === undefined) return false;
    this.#over.add(priorityClass);
    return true;
  }

  #taken(): Map<PriorityClass, number> {
    if (this.#held !== undefined) return this.#held;
    this.#held = new Map();
    for (const { overdue, priorityClass, resources } of this.pool.leases.values())
      if (overdue) this.#held.set(priorityClass, (this.#held.get(priorityClass) ?? 0) + sizeOf(resources));
    return this.#held;
  }

  #poolSize(): number {
    return this.room.places.reduce((sum, { node }) => sum + sizeOf(node.capacity), 0);
  }
}
