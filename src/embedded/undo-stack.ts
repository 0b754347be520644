/** What must be undone when a start fails or a system stops: last done, first undone; a failing step does not keep the rest. */
export class UndoStack {
  readonly #steps: (() => unknown)[] = [];
  #undone: Promise<void> | null = null;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Undoes everything, once; throws the first error after the last step. */
  undo(): Promise<void> {
    this.#undone ??= this.#run();
    return this.#undone;
  }

  async #run(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
