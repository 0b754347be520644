import { Timeline } from './timeline.js';

/** What was known of one key at a moment. Runtimes are natural logarithms of seconds, NaN where there was none. */
export interface KeyFacts {
  readonly attempts: number;
  /** Attempts that gave a runtime. */
  readonly count: number;
  /** Of the latest twenty. */
  readonly median: number;
  readonly last: number;
  /** Mean of about the last three; of about the last hundred, and the spread around that. */
  readonly fast: number;
  readonly slow: number;
  readonly spread: number;
  /** Share that failed: of about the last hundred attempts, of about the last three. */
  readonly failures: number;
  readonly recentFailures: number;
}

/** One settled attempt as a key remembers it; `y` is NaN where it gave no runtime. */
export interface Settled {
  readonly endMs: number;
  readonly y: number;
  readonly failed: boolean;
}

/** What is known of a key never seen. */
export const NOTHING_KNOWN: KeyFacts = {
  attempts: 0,
  count: 0,
  median: Number.NaN,
  last: Number.NaN,
  fast: Number.NaN,
  slow: Number.NaN,
  spread: Number.NaN,
  failures: Number.NaN,
  recentFailures: Number.NaN,
};

const WINDOW = 20;
const FAST = 1 / 3;
const SLOW = 1 / 100;

/** What is known of one key: now, and at earlier moments. */
export class KeyHistory {
  readonly #window: number[] = [];
  readonly #facts = new Timeline(NOTHING_KNOWN);

  get now(): KeyFacts {
    return this.#facts.now;
  }

  /** What was known at a moment; `Infinity` for now. */
  asOf(atMs: number): KeyFacts {
    return this.#facts.asOf(atMs);
  }

  /** Learns one attempt. */
  add(settled: Settled): void {
    this.#facts.change(settled.endMs, this.#next(settled));
  }

  #next({ y, failed }: Settled): KeyFacts {
    const was = this.now;
    const attempts = was.attempts + 1;
    const ended = {
      attempts,
      failures: ease(was.failures, failed ? 1 : 0, Math.max(SLOW, 1 / attempts)),
      recentFailures: ease(was.recentFailures, failed ? 1 : 0, FAST),
    };
    return Number.isNaN(y) ? { ...was, ...ended } : { ...ended, ...this.#withRuntime(was, y) };
  }

  #withRuntime(was: KeyFacts, y: number) {
    this.#window.push(y);
    if (this.#window.length > WINDOW) this.#window.shift();
    const count = was.count + 1;
    const rate = Math.max(SLOW, 1 / count);
    const variance = count === 1 ? 0 : (1 - rate) * (was.spread ** 2 + rate * (y - was.slow) ** 2);
    return {
      count,
      median: medianOf(this.#window),
      last: y,
      fast: ease(was.fast, y, FAST),
      slow: ease(was.slow, y, rate),
      spread: Math.sqrt(variance),
    };
  }
}

const ease = (was: number, value: number, rate: number): number =>
  Number.isNaN(was) ? value : was + rate * (value - was);

/** By insertion: for twenty numbers ten times as fast as a typed array's sort. */
function medianOf(values: readonly number[]): number {
  const sorted: number[] = [];
  for (const value of values) {
    let at = sorted.length;
    for (; at > 0 && (sorted[at - 1] as number) > value; at -= 1) sorted[at] = sorted[at - 1] as number;
    sorted[at] = value;
  }
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
