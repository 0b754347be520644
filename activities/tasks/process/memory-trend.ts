/** Only what has been seen of late says how memory grows now. */
const WINDOW_MS = 10_000;
/** Fewer looks, or over a shorter time, are no trend. */
const LEAST_LOOKS = 8;
const LEAST_SPAN_MS = 3_000;
/** Below this part of the limit growth is a task's own business: most begin by loading something. */
const NEAR = 0.8;

interface Look {
  readonly atMs: number;
  readonly bytes: number;
}

/**
 * Says when a task that grows reaches its limit. The slope is the median of those between all pairs of looks (Theil 1950, Sen
 * 1968): a few odd looks, such as a child that comes and goes, do not turn it.
 */
export class MemoryTrend {
  #looks: Look[] = [];

  constructor(private readonly limitBytes: number) {}

  /** Takes one look; times only rise. */
  add(atMs: number, bytes: number): void {
    this.#looks = [...this.#looks.filter((look) => look.atMs >= atMs - WINDOW_MS), { atMs, bytes }];
  }

  /** In how many seconds the limit is reached as things go; null where it is far, or nothing grows. */
  fullInSeconds(): number | null {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    if (first === undefined || last === undefined || last.bytes < NEAR * this.limitBytes) return null;
    if (this.#looks.length < LEAST_LOOKS || last.atMs - first.atMs < LEAST_SPAN_MS) return null;
    const bytesPerMs = median(slopes(this.#looks));
    return bytesPerMs <= 0 ? null : Math.max(0, this.limitBytes - last.bytes) / bytesPerMs / 1_000;
  }
}

const slopes = (looks: readonly Look[]): number[] =>
  looks.flatMap((a, index) =>
    looks.slice(index + 1).map((b) => (b.bytes - a.bytes) / Math.max(1, b.atMs - a.atMs)),
  );

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
