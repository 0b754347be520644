import type { Case } from './case.js';
import { Conformal } from './conformal.js';
import { type Encoded, Encoder } from './encoder.js';
import { FailureBlend, failureRate } from './failure.js';
import { linearValue } from './linear.js';
import type { Models } from './models.js';
import { type Blend, Tournament } from './tournament.js';
import { Training } from './training.js';
import { boostedScore } from './trees/boosting.js';
import { sigmoid } from './trees/losses.js';

/** One attempt to learn from. */
export interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  /** Positive and finite; undefined where the attempt gave no runtime to trust. */
  readonly seconds: number | undefined;
  /** `cut-short`: it would have run on, for at least `seconds`. */
  readonly ended: 'succeeded' | 'failed' | 'cut-short';
}

/** What is expected of a case. */
export interface Expectation {
  /** The q-quantile (0 < q < 1) of its runtime: finite, positive, rising with q. */
  quantileSeconds(q: number): number;
  /** Successful attempts of its most specific key. */
  readonly observations: number;
  /** The longest of them; NaN where there is none. */
  readonly longestSeconds: number;
  /** The model that is trusted most here. */
  readonly model: string;
  /** Whether its runtimes have shifted of late. */
  readonly drifting: boolean;
}

/** All that is known, whatever the clock says. */
const NOW = Number.POSITIVE_INFINITY;

/** Who takes part in the tournament, in the order of their values. */
const CONTESTANTS = [
  'same-inputs',
  'rolling-median',
  'latest',
  'linear',
  'median-trees',
  'mean-trees',
] as const;
/** A median of fewer says too little. */
const ENOUGH = 2;
/** Runtimes are told apart down to a millisecond and up to some thirty years. */
const SHORTEST = Math.log(1e-3);
const LONGEST = Math.log(1e9);

/** Learns runtimes and failures of cases with any keys and features. Same attempts in the same order, same state. */
export class Learner {
  readonly #encoder = new Encoder();
  readonly #training = new Training();
  readonly #tournament = new Tournament(CONTESTANTS.length);
  readonly #conformal = new Conformal();
  readonly #failures = new FailureBlend();

  /** Learns one settled attempt, scored by what was known when it began. */
  learn(of: Case, attempt: Attempt): void {
    const encoded = this.#encoder.encode(of, attempt.startMs);
    const models = this.#training.asOf(attempt.startMs);
    const failed = attempt.ended === 'failed';
    const y = this.#runtime(of, encoded, models, attempt);
    if (attempt.ended === 'succeeded' && !Number.isNaN(y)) this.#score(of, encoded, models, y, attempt);
    if (attempt.ended !== 'cut-short') this.#failures.learn(...opinions(encoded, models), failed);
    this.#encoder.learn(of, { endMs: attempt.endMs, y, failed });
    const row = { values: encoded.values, target: y, failed };
    this.#training.learn(row, attempt.endMs, this.#encoder.width);
  }

  /** What is expected of a case now; undefined before anything was learned. */
  expect(of: Case): Expectation | undefined {
    const encoded = this.#encoder.encode(of, NOW);
    const blend = this.#tournament.blend(
      tournamentKeys(of, encoded),
      contest(encoded, this.#training.models),
      NOW,
    );
    if (blend === undefined) return undefined;
    return {
      quantileSeconds: (q) => Math.exp(this.#quantile(blend, q)),
      observations: encoded.known[1]?.count ?? 0,
      longestSeconds: Math.exp(encoded.known[1]?.longest ?? Number.NaN),
      model: blend.drifting ? `${CONTESTANTS[blend.leader]} (shifted)` : `${CONTESTANTS[blend.leader]}`,
      drifting: blend.drifting,
    };
  }

  /** The probability that an attempt of this case fails. */
  failureProbability(of: Case): number {
    const encoded = this.#encoder.encode(of, NOW);
    return this.#failures.blend(...opinions(encoded, this.#training.models));
  }

  /** The state to compare; keys in a fixed order. */
  toJSON(): unknown {
    return {
      encoder: this.#encoder,
      training: this.#training,
      tournament: this.#tournament,
      conformal: this.#conformal,
      failures: this.#failures,
    };
  }

  /** The log runtime to learn, NaN for none. One cut short counts as what it would likely have come to. */
  #runtime(of: Case, encoded: Encoded, models: Models | undefined, attempt: Attempt): number {
    if (attempt.seconds === undefined || attempt.ended === 'failed') return Number.NaN;
    const y = within(Math.log(attempt.seconds));
    if (attempt.ended === 'succeeded') return y;
    const blend = this.#tournament.blend(
      tournamentKeys(of, encoded),
      contest(encoded, models),
      attempt.startMs,
    );
    return blend === undefined ? y : this.#beyond(blend, y);
  }

  /**
   * The median of a runtime known to exceed `y` (Buckley and James 1979). Within what was expected anyway it says
   * nothing new, so nothing is learned: repeating the forecast to oneself would only make it surer.
   */
  #beyond(blend: Blend, y: number): number {
    if (y <= blend.value) return Number.NaN;
    const passed = this.#conformal.rank((y - blend.value) / blend.spread);
    return Math.max(y, this.#quantile(blend, (1 + passed) / 2));
  }

  #score(of: Case, encoded: Encoded, models: Models | undefined, y: number, attempt: Attempt): void {
    const keys = tournamentKeys(of, encoded);
    const values = contest(encoded, models);
    const blend = this.#tournament.blend(keys, values, attempt.startMs);
    if (blend === undefined) return;
    this.#conformal.add((y - blend.value) / blend.spread);
    this.#tournament.learn(keys, values, blend.value, y, attempt.endMs);
  }

  #quantile(blend: Blend, q: number): number {
    return within(blend.value + blend.spread * this.#conformal.quantile(q));
  }
}

/** The two opinions on failure: the keys' own rate, and the trees' (the rate again before there are any). */
function opinions({ values, known }: Encoded, models: Models | undefined): [rate: number, trees: number] {
  const rate = failureRate(known);
  const trees = models?.failureTrees;
  return [rate, trees === undefined ? rate : sigmoid(boostedScore(trees, values))];
}

/** What each contestant says, in log seconds; NaN for no opinion. */
function contest({ values, known }: Encoded, models: Models | undefined): Float64Array {
  const same = known.find((facts) => facts.count >= ENOUGH);
  const key = known.find((facts, level) => level > 0 && facts.count >= ENOUGH);
  return Float64Array.of(
    same?.median ?? Number.NaN,
    key?.median ?? Number.NaN,
    key?.fast ?? Number.NaN,
    models === undefined ? Number.NaN : within(linearValue(models.linear, values)),
    models === undefined ? Number.NaN : within(boostedScore(models.medianTrees, values)),
    models === undefined ? Number.NaN : within(boostedScore(models.meanTrees, values)),
  );
}

/**
 * Whose records count, the most specific first. Inputs never seen have one of their own: models that lean on what the
 * same inputs did are as good as blind there. (Philly: 118 jobs of 3 days were expected to take two minutes, surely.)
 * Inputs seen have one where their task has run with others too: a key's record counted twice follows its noise.
 */
function tournamentKeys(of: Case, { known: [inputs, key] }: Encoded): string[] {
  const keys = [...of.keys, 'all'];
  if ((inputs?.count ?? 0) < ENOUGH) return [`new ${of.keys[0]}`, ...keys];
  return (inputs?.attempts ?? 0) < (key?.attempts ?? 0) ? [of.fingerprint, ...keys] : keys;
}

const within = (y: number): number => Math.max(SHORTEST, Math.min(LONGEST, y));
