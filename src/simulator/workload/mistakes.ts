import { type Problem, SignalboxError } from '../../domain/index.js';

/** How many mistakes are worth listing. */
const MAX_LISTED = 20;

/** Collects what is wrong with a workload, so that all of it is told at once. */
export class Mistakes {
  readonly #listed: Problem[] = [];
  #count = 0;

  /** Notes one mistake. */
  add(problem: Problem): void {
    this.#count += 1;
    if (this.#listed.length < MAX_LISTED) this.#listed.push(problem);
  }

  /** Takes over what another reader found; throws on anything but mistakes of a workload or a document. */
  addError(error: unknown): void {
    if (!(error instanceof SignalboxError) || error.status !== 400) throw error;
    if (error.problems.length === 0) this.add({ path: '', message: error.message, mend: error.mend });
    for (const problem of error.problems) this.add(problem);
  }

  /** How many there are, those not listed included. */
  get count(): number {
    return this.#count;
  }

  /** Throws `invalid-trace` with all of them; does nothing where there are none. */
  check(): void {
    if (this.#count === 0) return;
    const what = this.#count === 1 ? 'a mistake' : `${this.#count} mistakes`;
    const shown = this.#count > MAX_LISTED ? `; the first ${MAX_LISTED}` : '';
    throw new SignalboxError('invalid-trace', `Nothing was simulated: ${what}${shown}.`, this.#listed);
  }
}
