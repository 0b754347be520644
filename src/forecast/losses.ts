import type { ForecastSubject, Observation } from '../domain/index.js';
import { BoundedMap } from './bounded-map.js';

/** Old habits fade: a task may have learned to save its work. */
const WINDOW = 20;
/** Shorter stretches say nothing: their share is the noise of stopping. */
const LEAST_UNSAFE_SECONDS = 5;

/**
 * How much of the work that no checkpoint was known to keep is really lost when a task gives way, by task: a program that saves
 * when it is asked to leave loses little, though it kept nothing before.
 */
export class LossBook {
  readonly #shares = new BoundedMap<number[]>(5_000, () => []);

  /** Learns from one attempt that gave way. */
  learn(observation: Observation): void {
    const { outcome, lostSeconds, unsafeSeconds } = observation;
    if (outcome !== 'preempted' || lostSeconds == null || unsafeSeconds == null) return;
    if (!(unsafeSeconds >= LEAST_UNSAFE_SECONDS && lostSeconds >= 0)) return;
    const shares = this.#shares.touch(nameOf(observation));
    shares.push(Math.min(1, lostSeconds / unsafeSeconds));
    if (shares.length > WINDOW) shares.shift();
  }

  /** From 0 to 1: the mean of what was seen, with one attempt that lost all of it beside. */
  of(subject: Pick<ForecastSubject, 'pipeline' | 'task' | 'pool'>): number {
    const shares = this.#shares.get(nameOf(subject)) ?? [];
    return shares.reduce((sum, share) => sum + share, 1) / (shares.length + 1);
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [...this.#shares.entries()];
  }
}

const nameOf = ({ pool, pipeline, task }: Pick<ForecastSubject, 'pipeline' | 'task' | 'pool'>): string =>
  JSON.stringify([pool, pipeline, task]);
