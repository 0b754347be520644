/** What else is known of a failure. */
export interface FailureOptions extends ErrorOptions {
  /** Another attempt would meet the same error. */
  readonly final?: boolean;
  readonly exitCode?: number;
}

/** A task's own failure: a stable code and a sentence. A registered function may throw it too. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly final: boolean;
  readonly exitCode: number | null;
  constructor(
    readonly code: string,
    message: string,
    options: FailureOptions = {},
  ) {
    super(message, options);
    this.final = options.final ?? false;
    this.exitCode = options.exitCode ?? null;
  }
}
