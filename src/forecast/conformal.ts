/** A long and a short memory of scores. With 12,000 alone Philly's P90 covered 86%, with 1000 alone 83%. */
const WINDOWS = [12_000, 1_000];
/** The quantiles are taken anew when a twentieth of the scores has changed: sorting at every score cost 0.1 ms. */
const STALE = 20;
/** What the errors of a forecaster without a record are taken to look like: normal, mean absolute error 1. */
const ASSUMED = [-2.46, -1.8, -1.44, -1.17, -0.95, -0.75, -0.57, -0.4, -0.23, -0.08].flatMap((z) => [z, -z]);

/**
 * Rolling split-conformal quantiles of the coming error, in units of its expected size (normalised conformal
 * regression, Papadopoulos et al. 2002; rolling against shift, as Gibbs and Candès 2021 discuss). Upwards the wider of
 * a long and a short memory counts, for a bad surprise costs more than a good one: bursts of like errors mislead the
 * short one, a shift the long one.
 */
export class Conformal {
  readonly #memories = WINDOWS.map((window) => new Scores(window));

  /** Learns one error over its expected size. */
  add(score: number): void {
    for (const memory of this.#memories) memory.add(score);
  }

  /** The q-quantile. Never on the wrong side of zero: the forecast itself is the median, and quantiles never cross. */
  quantile(q: number): number {
    if (q === 0.5) return 0;
    const [long = 0, short = 0] = this.#memories.map((memory) => memory.quantile(q));
    return q > 0.5 ? Math.max(0, long, short) : Math.min(0, long);
  }

  /** Where a score stands in the long memory: the share below it. */
  rank(score: number): number {
    return this.#memories[0]?.rank(score) ?? 0.5;
  }

  /** The state to compare. */
  toJSON(): unknown {
    return this.#memories;
  }
}

/** The latest scores, sorted every now and then. */
class Scores {
  readonly #ring: number[] = [...ASSUMED];
  #next = 0;
  #changed = 0;
  #sorted = Float64Array.from(ASSUMED).sort();

  constructor(private readonly window: number) {}

  add(score: number): void {
    if (this.#ring.length < this.window) this.#ring.push(score);
    else {
      this.#ring[this.#next] = score;
      this.#next = (this.#next + 1) % this.window;
    }
    this.#changed += 1;
    if (this.#changed * STALE < this.#ring.length) return;
    this.#sorted = Float64Array.from(this.#ring).sort();
    this.#changed = 0;
  }

  /** With the finite-sample correction: the ceil((n + 1) q)-th score. */
  quantile(q: number): number {
    const n = this.#sorted.length;
    const rank = q > 0.5 ? Math.ceil((n + 1) * q) - 1 : Math.floor((n + 1) * q) - 1;
    return this.#sorted[Math.max(0, Math.min(n - 1, rank))] as number;
  }

  rank(score: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    return low / this.#sorted.length;
  }

  toJSON(): unknown {
    return this.#ring;
  }
}
