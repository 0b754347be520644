import TinyQueue from 'tinyqueue';

/** What is due when: the earliest first; of those due at once the lower rank, then whatever was entered first. */
export class Agenda<Event> {
  readonly #queue = new TinyQueue<Entry<Event>>(
    [],
    (a, b) => a.atMs - b.atMs || a.rank - b.rank || a.number - b.number,
  );
  #entered = 0;

  get nextAtMs(): number {
    return this.#queue.peek()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, rank: number, event: Event): void {
    this.#entered += 1;
    this.#queue.push({ atMs, rank, number: this.#entered, event });
  }

  /** Takes out the first that is due by now; undefined where nothing is. */
  takeDue(atMs: number): Event | undefined {
    return this.nextAtMs <= atMs ? this.#queue.pop()?.event : undefined;
  }
}

interface Entry<Event> {
  readonly atMs: number;
  readonly rank: number;
  readonly number: number;
  readonly event: Event;
}
