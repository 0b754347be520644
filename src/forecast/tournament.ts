import { BoundedMap } from './bounded-map.js';

/** Errors over about this many attempts decide; on the traces 50 chased bursts and 1000 was best on three of four. */
const MEMORY = 1000;
/** Errors over about this many show a shift. */
const RECENT = 10;
/** A key counts as much as the wider one once it has this many attempts; for its spread, which is surer, this many. */
const TRUST = 100;
const TRUST_SPREAD = 10;
/** Weight falls with error to this power: half-way between an average (which lost on genai) and winner takes all (wf). */
const SHARPNESS = 16;
/** Recent errors this many times the usual ones are a shift, told for this many attempts. */
const SHIFT = 3;
const TOLD_FOR = 30;
/** An error on the logarithm (20-fold) beyond which it does not matter how wrong it was. */
const WORST = 3;
/** Errors below 2% are noise. */
const FLOOR = 0.02;

/** One key's record: mean absolute errors on log runtime of each contestant and of the blend. */
interface Score {
  count: number;
  readonly errors: Float64Array;
  readonly recent: Float64Array;
  spread: number;
  recentSpread: number;
  shiftLeft: number;
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
  readonly #scores: BoundedMap<Score>;

  constructor(readonly contestants: number) {
    this.#scores = new BoundedMap(20_000, () => ({
      count: 0,
      errors: new Float64Array(contestants),
      recent: new Float64Array(contestants),
      spread: 0,
      recentSpread: 0,
      shiftLeft: 0,
    }));
  }

  /** Blends the contestants' values (NaN: no opinion); undefined when none has one. Keys: the most specific first. */
  blend(keys: readonly string[], values: Float64Array): Blend | undefined {
    const { errors, spread, drifting } = this.#expected(keys);
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

  /** Learns what the truth was; returns whether the most specific key has just been found to have shifted. */
  learn(keys: readonly string[], values: Float64Array, blended: number, truth: number): void {
    for (const key of keys) {
      const score = this.#scores.touch(key);
      score.count += 1;
      for (let i = 0; i < this.contestants; i += 1) {
        const value = values[i] as number;
        const error = Number.isNaN(value) ? WORST : errorOf(value, truth);
        ease(score.errors, i, error, Math.max(1 / MEMORY, 1 / score.count));
        ease(score.recent, i, error, Math.max(1 / RECENT, 1 / score.count));
      }
      const error = errorOf(blended, truth);
      score.spread += Math.max(1 / MEMORY, 1 / score.count) * (error - score.spread);
      score.recentSpread += Math.max(1 / RECENT, 1 / score.count) * (error - score.recentSpread);
      this.#watch(score);
    }
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [...this.#scores.entries()].map(([key, s]) => [
      key,
      s.count,
      [...s.errors],
      s.spread,
      s.recentSpread,
    ]);
  }

  /** A key that has shifted forgets what it knew of its contestants: the recent errors stand in for the old ones. */
  #watch(score: Score): void {
    score.shiftLeft = Math.max(0, score.shiftLeft - 1);
    if (score.count <= 2 * RECENT || score.recentSpread < SHIFT * (score.spread + FLOOR)) return;
    score.errors.set(score.recent);
    score.spread = score.recentSpread;
    score.count = RECENT;
    score.shiftLeft = TOLD_FOR;
  }

  #expected(keys: readonly string[]): { errors: Float64Array; spread: number; drifting: boolean } {
    const errors = new Float64Array(this.contestants).fill(1);
    let spread = 1;
    let drifting = false;
    for (let k = keys.length - 1; k >= 0; k -= 1) {
      const score = this.#scores.get(keys[k] as string);
      drifting = (score?.shiftLeft ?? 0) > 0;
      if (score === undefined) continue;
      const trust = score.shiftLeft > 0 ? 1 : TRUST;
      for (let i = 0; i < this.contestants; i += 1) {
        const own = score.errors[i] as number;
        errors[i] = (score.count * own + trust * (errors[i] as number)) / (score.count + trust);
      }
      spread = (score.count * score.spread + TRUST_SPREAD * spread) / (score.count + TRUST_SPREAD);
    }
    return { errors, spread, drifting };
  }
}

const errorOf = (value: number, truth: number): number => Math.min(WORST, Math.abs(value - truth));

function ease(means: Float64Array, i: number, value: number, rate: number): void {
  means[i] = (means[i] as number) + rate * (value - (means[i] as number));
}
