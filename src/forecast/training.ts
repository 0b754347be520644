import { fitModels, type Models } from './models.js';
import { type TrainingRow, TrainingRows } from './training-rows.js';

/** Rows that models learn from: 8,000 lost 0.03 to 0.1 of R² against 40,000 on three traces. */
const ROWS = 32_768;
/**
 * Table look-ups of fitting that each observation pays for: 8,000 take about 0.02 ms. A young forecaster, whose every
 * fit is a step forward, works harder, falling off with the square of what it has seen: that adds 0.03 ms an observation
 * over a million.
 */
const WORK_PER_OBSERVATION = 8_000;
const YOUNG_WORK = 200_000;
const YOUNG = 25_000;
/**
 * The first fit, and by how much the observations must have grown for the next: until the latest rows are all new at
 * most. Growing by 5% instead cost twice the time on Philly and gained nothing beyond the noise on any trace.
 */
const FIRST_FIT = 60;
const GROWTH = 1.25;
const MOST_BETWEEN = ROWS / 2;
/** Models kept, so that an attempt is scored by those that were there when it began. */
const KEPT = 3;

/** Fits models in the background, deterministically: each observation pays for a slice of the work. */
export class Training {
  readonly #rows = new TrainingRows(ROWS);
  readonly #kept: Models[] = [];
  #fit: Generator<number, Models | undefined> | undefined;
  #seen = 0;
  #nextFit = FIRST_FIT;
  #credit = 0;

  /** The newest models; undefined before the first fit. */
  get models(): Models | undefined {
    return this.#kept.at(-1);
  }

  /** The models that were there at a moment, or the oldest kept. */
  asOf(atMs: number): Models | undefined {
    return this.#kept.findLast((models) => models.bornMs <= atMs) ?? this.#kept[0];
  }

  /** Takes in a row and does the work that it pays for. */
  learn(row: TrainingRow, endMs: number, width: number): void {
    this.#rows.add(row);
    this.#seen += 1;
    if (this.#fit === undefined && this.#seen >= this.#nextFit)
      this.#fit = fitModels(this.#rows, width, endMs);
    if (this.#fit === undefined) return;
    this.#credit += Math.max(WORK_PER_OBSERVATION, YOUNG_WORK * Math.min(1, YOUNG / this.#seen) ** 2);
    while (this.#fit !== undefined && this.#credit > 0) this.#step(this.#fit);
  }

  #step(fit: Generator<number, Models | undefined>): void {
    const step = fit.next();
    if (!step.done) {
      this.#credit -= step.value;
      return;
    }
    this.#fit = undefined;
    this.#credit = 0;
    this.#nextFit = Math.min(Math.ceil(this.#seen * GROWTH), this.#seen + MOST_BETWEEN);
    if (step.value === undefined) return;
    this.#kept.push(step.value);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** The state to compare. */
  toJSON(): unknown {
    return { seen: this.#seen, nextFit: this.#nextFit, models: this.#kept };
  }
}
