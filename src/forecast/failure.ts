import type { KeyFacts } from './history.js';
import { sigmoid } from './trees/losses.js';

/** How many imaginary attempts at the wider key's rate stand behind a key's own. */
const WEIGHT_OF_WIDER = 5;
/** What to expect when nothing has ever been seen. */
const ASSUMED_RATE = 0.1;
/** The first step of the descent; a thousand attempts settle it. */
const STEP = 0.1;
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

/**
 * One calibrated probability from two opinions: a logistic regression on their logits (stacking, Wolpert 1992; Platt
 * 1999), learned online with steps that shrink as evidence gathers (AdaGrad, Duchi et al. 2011).
 */
export class FailureBlend {
  readonly #weights = [0.5, 0.5, 0];
  readonly #squares = [1, 1, 1];

  /** The probability that these two opinions come to. */
  blend(rate: number, trees: number): number {
    return bounded(sigmoid(this.#logit(inputsOf(rate, trees))));
  }

  /** Learns what came of two opinions. */
  learn(rate: number, trees: number, failed: boolean): void {
    const inputs = inputsOf(rate, trees);
    const error = (failed ? 1 : 0) - sigmoid(this.#logit(inputs));
    inputs.forEach((input, i) => {
      const gradient = error * input;
      const squares = (this.#squares[i] as number) + gradient * gradient;
      this.#squares[i] = squares;
      this.#weights[i] = (this.#weights[i] as number) + (STEP * gradient) / Math.sqrt(squares);
    });
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [this.#weights, this.#squares];
  }

  #logit(inputs: readonly number[]): number {
    return inputs.reduce((sum, input, i) => sum + input * (this.#weights[i] as number), 0);
  }
}

const inputsOf = (rate: number, trees: number): readonly number[] => [logit(rate), logit(trees), 1];
const bounded = (p: number): number => Math.max(SURE, Math.min(1 - SURE, p));
const logit = (p: number): number => Math.log(bounded(p) / (1 - bounded(p)));
