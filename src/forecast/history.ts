import { Timeline } from './timeline.js';

/** What was known of one key at a moment. Runtimes are natural logarithms of seconds, NaN where there was none. */
export interface KeyFacts {
  readonly attempts: number;
  /** Attempts that gave a runtime. */
  readonly count: number;
  /** Of the latest twenty. */
  readonly median: number;
  readonly last: number;
  /** The longest of all. */
  readonly longest: number;
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
  longest: Number.NaN,
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

  /** One literal, no spreading: the facts of nine names are made anew at every observation. */
  #next({ y, failed }: Settled): KeyFacts {
    const was = this.now;
    const ran = !Number.isNaN(y);
    if (ran) this.#window.push(y);
    if (this.#window.length > WINDOW) this.#window.shift();
    const attempts = was.attempts + 1;
    const count = was.count + (ran ? 1 : 0);
    const rate = Math.max(SLOW, 1 / count);
    const miss = failed ? 1 : 0;
    return {
      attempts,
      count,
      median: ran ? medianOf(this.#window) : was.median,
      last: ran ? y : was.last,
      longest: ran && !(y < was.longest) ? y : was.longest,
      fast: ran ? ease(was.fast, y, FAST) : was.fast,
      slow: ran ? ease(was.slow, y, rate) : was.slow,
      spread: ran ? spreadAfter(was, y, rate) : was.spread,
      failures: ease(was.failures, miss, Math.max(SLOW, 1 / attempts)),
      recentFailures: ease(was.recentFailures, miss, FAST),
    };
  }
}

/** The standard deviation around the slow mean, kept up as that moves (West 1979). */
const spreadAfter = (was: KeyFacts, y: number, rate: number): number =>
  was.count === 0 ? 0 : Math.sqrt((1 - rate) * (was.spread ** 2 + rate * (y - was.slow) ** 2));

const ease = (was: number, value: number, rate: number): number =>
  Number.isNaN(was) ? value : was + rate * (value - was);

/** A place to sort in, used again at every call. */
const scratch = new Float64Array(WINDOW);

/** By insertion: for twenty numbers ten times as fast as a typed array's sort. */
function medianOf(values: readonly number[]): number {
  const { length } = values;
  for (let i = 0; i < length; i += 1) {
    const value = values[i] as number;
    let at = i;
    for (; at > 0 && (scratch[at - 1] as number) > value; at -= 1) scratch[at] = scratch[at - 1] as number;
    scratch[at] = value;
  }
  const half = length >> 1;
  const upper = scratch[half] as number;
  return length % 2 === 1 ? upper : ((scratch[half - 1] as number) + upper) / 2;
}
