import type { KeyFacts } from './history.js';
import { sigmoid } from './trees/losses.js';

/** How many imaginary attempts at the wider key's rate stand behind a key's own. */
const WEIGHT_OF_WIDER = 5;
/** What to expect when nothing has ever been seen. */
const ASSUMED_RATE = 0.1;
/** Step of the calibration's descent; a thousand attempts settle it. */
const STEP = 0.01;
/** A probability is never taken to be surer than this. */
const SURE = 0.0005;

/** The share that failed, each key leaning on the wider one. Facts: the most specific first, all work last. */
export function failureRate(known: readonly KeyFacts[]): number {
  let rate = ASSUMED_RATE;
  for (const facts of known.toReversed()) {
    if (facts.attempts === 0) continue;
    const attempts = Math.min(facts.attempts, 100);
    rate = (attempts * facts.failures + WEIGHT_OF_WIDER * rate) / (attempts + WEIGHT_OF_WIDER);
  }
  return rate;
}

/** Keeps probabilities true to what happens: logistic calibration (Platt 1999), learned online by gradient steps. */
export class Calibration {
  #slope = 1;
  #offset = 0;

  /** The calibrated probability. */
  apply(probability: number): number {
    return bounded(sigmoid(this.#slope * logit(probability) + this.#offset));
  }

  /** Learns what came of a raw probability. */
  learn(probability: number, failed: boolean): void {
    const x = logit(probability);
    const error = (failed ? 1 : 0) - sigmoid(this.#slope * x + this.#offset);
    this.#slope = Math.max(0.2, Math.min(3, this.#slope + (STEP * error * x) / (1 + x * x)));
    this.#offset = Math.max(-3, Math.min(3, this.#offset + STEP * error));
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [this.#slope, this.#offset];
  }
}

const bounded = (p: number): number => Math.max(SURE, Math.min(1 - SURE, p));
const logit = (p: number): number => Math.log(bounded(p) / (1 - bounded(p)));
