/** How many of a key's latest values it keeps: on five traces 20 to 50 did equally well, and 32 fills two cache lines. */
const CAPACITY = 32;

/** The latest values of one key, oldest first, with their quantiles. */
export class RollingWindow {
  readonly #values: number[] = [];
  #total = 0;

  /** Adds a value; the oldest falls out when the window is full. */
  push(value: number): void {
    this.#total += 1;
    this.#values.push(value);
    if (this.#values.length > CAPACITY) this.#values.shift();
  }

  /** How many values it has ever seen. */
  get total(): number {
    return this.#total;
  }

  /** The q-quantile (0 to 1) of the values held, interpolated; NaN when empty. */
  quantile(q: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const at = (sorted.length - 1) * q;
    const low = sorted[Math.floor(at)] ?? Number.NaN;
    const high = sorted[Math.ceil(at)] ?? low;
    return low + (high - low) * (at - Math.floor(at));
  }
}
