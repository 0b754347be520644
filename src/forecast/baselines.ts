import type { Case } from './case.js';
import { Conformal } from './conformal.js';
import { failureRate } from './failure.js';
import { type KeyFacts, KeyHistory, NOTHING_KNOWN } from './history.js';
import { type Attempt, Learner } from './learner.js';

/** What a forecaster says of a case: runtimes in seconds. */
export interface Answer {
  quantileSeconds(q: number): number;
  readonly failureProbability: number;
}

/** A forecaster under evaluation. */
export interface Contender {
  learn(of: Case, attempt: Attempt): void;
  /** Undefined before anything was learned. */
  answer(of: Case): Answer | undefined;
}

/** Our own. */
export function signalboxContender(): Contender {
  const learner = new Learner();
  return {
    learn: (of, attempt) => learner.learn(of, attempt),
    answer(of) {
      const expected = learner.expect(of);
      if (expected === undefined) return undefined;
      return {
        quantileSeconds: (q) => expected.quantileSeconds(q),
        failureProbability: learner.failureProbability(of),
      };
    },
  };
}

/** The median of the latest twenty of the most specific key known, with a rolling conformal interval of its own. */
export function rollingMedianContender(): Contender {
  const histories = new Map<string, KeyHistory>();
  const errors = new Conformal();
  const known = (of: Case, atMs: number) =>
    [...of.keys, ''].map((key) => histories.get(key)?.asOf(atMs) ?? NOTHING_KNOWN);
  const median = (facts: readonly KeyFacts[]) => facts.find(({ count }) => count > 0)?.median;
  return {
    learn(of, attempt) {
      const y = attempt.ended === 'succeeded' ? Math.log(attempt.seconds ?? Number.NaN) : Number.NaN;
      const before = median(known(of, attempt.startMs));
      if (before !== undefined && !Number.isNaN(y)) errors.add(y - before);
      for (const key of [...of.keys, '']) {
        const history = histories.get(key) ?? new KeyHistory();
        histories.set(key, history);
        history.add({ endMs: attempt.endMs, y, failed: attempt.ended === 'failed' });
      }
    },
    answer(of) {
      const facts = known(of, Number.POSITIVE_INFINITY);
      const center = median(facts);
      if (center === undefined) return undefined;
      return {
        quantileSeconds: (q) => Math.exp(center + errors.quantile(q)),
        failureProbability: failureRate(facts),
      };
    },
  };
}

/** One answer for all: the quantiles of everything learned, taken anew when it has grown by a hundredth. */
export function globalMedianContender(): Contender {
  const runtimes: number[] = [];
  let sorted = new Float64Array(0);
  let [failures, attempts] = [0, 0];
  return {
    learn(_, attempt) {
      attempts += 1;
      failures += attempt.ended === 'failed' ? 1 : 0;
      if (attempt.ended !== 'succeeded' || attempt.seconds === undefined) return;
      runtimes.push(attempt.seconds);
      if (runtimes.length > sorted.length * 1.01) sorted = Float64Array.from(runtimes).sort();
    },
    answer() {
      if (sorted.length === 0) return undefined;
      return {
        quantileSeconds: (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number,
        failureProbability: failures / attempts,
      };
    },
  };
}
