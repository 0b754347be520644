import type { QueueKey } from '../../planner/index.js';

/** A pool's waiting tasks in their total order: an index, so that a cycle reads only the head of the queue. */
export class WaitingQueue<Entry extends QueueKey> {
  readonly #entries: Entry[] = [];

  constructor(private readonly order: (a: QueueKey, b: QueueKey) => number) {}

  get size(): number {
    return this.#entries.length;
  }

  /** The first `limit` in order. */
  head(limit: number): readonly Entry[] {
    return this.#entries.slice(0, limit);
  }

  /** The place that an entry has, or would have, in the queue, from 0. */
  indexOf(key: QueueKey): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && this.order(entry, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(entry: Entry): void {
    this.#entries.splice(this.indexOf(entry), 0, entry);
  }

  remove(key: QueueKey): void {
    const index = this.indexOf(key);
    if (this.#entries[index]?.id === key.id) this.#entries.splice(index, 1);
  }
}
