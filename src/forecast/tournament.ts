import { BoundedMap } from './bounded-map.js';
import { Timeline } from './timeline.js';

/** Errors over about this many attempts decide; on the traces 50 chased bursts and 1000 was best on three of four. */
const MEMORY = 1000;
/** Errors over about this many show a shift. */
const RECENT = 10;
/** A key counts as much as the wider one once it has this many attempts; for its spread, which is surer, this many. */
const TRUST = 100;
const TRUST_SPREAD = 10;
/** After a shift the wider key, which has not noticed, counts for little. */
const TRUST_SHIFTED = 1;
/** Weight falls with error to this power: half-way between an average (which lost on genai) and winner takes all (wf). */
const SHARPNESS = 20;
/** Recent errors this many times the usual ones are a shift, told for this many attempts. */
const SHIFT = 3;
const TOLD_FOR = 30;
/** An error on the logarithm (20-fold) beyond which it does not matter how wrong it was. */
const WORST = 3;
/** Errors below 2% are noise. */
const FLOOR = 0.02;

/** One key's record: mean absolute errors on log runtime of each contestant and of the blend, lately and of late. */
interface Score {
  readonly count: number;
  readonly errors: readonly number[];
  readonly recent: readonly number[];
  readonly spread: number;
  readonly recentSpread: number;
  /** How many more attempts a shift is told for. */
  readonly shiftLeft: number;
}

/** What the contestants come to together. */
export interface Blend {
  /** Log seconds. */
  readonly value: number;
  /** The mean absolute error to expect of the value. */
  readonly spread: number;
  /** The contestant with the least error. */
  readonly leader: number;
  /** Whether the key has shifted of late. */
  readonly drifting: boolean;
}

/** Weighs contestants by their recent error, key by key, each key leaning on the wider one until it has its own record. */
export class Tournament {
  readonly #scores: BoundedMap<Timeline<Score>>;

  constructor(readonly contestants: number) {
    const none = new Array<number>(contestants).fill(0);
    const unknown: Score = { count: 0, errors: none, recent: none, spread: 0, recentSpread: 0, shiftLeft: 0 };
    this.#scores = new BoundedMap(20_000, () => new Timeline(unknown));
  }

  /**
   * Blends the contestants' values (NaN: no opinion) by what was known of them at a moment; undefined when none has
   * one. Keys: the most specific first.
   */
  blend(keys: readonly string[], values: Float64Array, atMs: number): Blend | undefined {
    const { errors, spread, drifting } = this.#expected(keys, atMs);
    let sum = 0;
    let total = 0;
    let leader = -1;
    for (let i = 0; i < this.contestants; i += 1) {
      const value = values[i] as number;
      if (Number.isNaN(value)) continue;
      const error = errors[i] as number;
      const weight = (error + FLOOR) ** -SHARPNESS;
      sum += weight * value;
      total += weight;
      if (leader < 0 || error < (errors[leader] as number)) leader = i;
    }
    return leader < 0 ? undefined : { value: sum / total, spread: spread + FLOOR, leader, drifting };
  }

  /** Learns what the truth was, of an attempt that ended at a moment. */
  learn(keys: readonly string[], values: Float64Array, blended: number, truth: number, endMs: number): void {
    const errors = Array.from(values, (value) => errorOf(value, truth));
    for (const key of keys) {
      const timeline = this.#scores.touch(key);
      timeline.change(endMs, forgetIfShifted(next(timeline.now, errors, errorOf(blended, truth))));
    }
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [...this.#scores.entries()].map(([key, timeline]) => [key, timeline.now]);
  }

  #expected(
    keys: readonly string[],
    atMs: number,
  ): { errors: Float64Array; spread: number; drifting: boolean } {
    const errors = new Float64Array(this.contestants).fill(1);
    let spread = 1;
    let drifting = false;
    for (let k = keys.length - 1; k >= 0; k -= 1) {
      const score = this.#scores.get(keys[k] as string)?.asOf(atMs);
      drifting = (score?.shiftLeft ?? 0) > 0;
      if (score === undefined || score.count === 0) continue;
      const trust = drifting ? TRUST_SHIFTED : TRUST;
      for (let i = 0; i < this.contestants; i += 1) {
        const own = score.errors[i] as number;
        errors[i] = (score.count * own + trust * (errors[i] as number)) / (score.count + trust);
      }
      spread = (score.count * score.spread + TRUST_SPREAD * spread) / (score.count + TRUST_SPREAD);
    }
    return { errors, spread, drifting };
  }
}

/** A contestant without an opinion is as wrong as can be. */
const errorOf = (value: number, truth: number): number =>
  Number.isNaN(value) ? WORST : Math.min(WORST, Math.abs(value - truth));

function next(was: Score, errors: readonly number[], blendError: number): Score {
  const count = was.count + 1;
  const slow = Math.max(1 / MEMORY, 1 / count);
  const fast = Math.max(1 / RECENT, 1 / count);
  const ease = (rate: number) => (mean: number, i: number) => mean + rate * ((errors[i] as number) - mean);
  return {
    count,
    errors: was.errors.map(ease(slow)),
    recent: was.recent.map(ease(fast)),
    spread: was.spread + slow * (blendError - was.spread),
    recentSpread: was.recentSpread + fast * (blendError - was.recentSpread),
    shiftLeft: Math.max(0, was.shiftLeft - 1),
  };
}

/** A key that has shifted forgets what it knew of its contestants: the recent errors stand in for the old ones. */
function forgetIfShifted(score: Score): Score {
  if (score.count <= 2 * RECENT || score.recentSpread < SHIFT * (score.spread + FLOOR)) return score;
  const { recent: errors, recentSpread: spread } = score;
  return { ...score, count: RECENT, errors, spread, shiftLeft: TOLD_FOR };
}
