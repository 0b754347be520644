/** Every error a user may meet: its HTTP status and the mend. Codes are stable; messages carry the particulars. */
export const ERRORS = {
  'invalid-document': {
    status: 400,
    mend: 'Correct the places named; `signalbox validate FILE` shows them all.',
  },
  'invalid-parameter': {
    status: 400,
    mend: 'Give every required parameter with a value of its declared type.',
  },
  'invalid-expression': {
    status: 400,
    mend: 'Correct the expression; it may read params, tasks, item, index and run.',
  },
  'invalid-request': { status: 400, mend: 'Correct the fields named.' },
  'unreadable-file': { status: 400, mend: 'Check its name, and whether it is whole.' },
  'invalid-trace': {
    status: 400,
    mend: 'Correct the lines named; docs/simulate.md says what each column holds.',
  },
  'invalid-option': { status: 400, mend: 'See `signalbox help COMMAND`.' },
  'never-fits': { status: 400, mend: 'Ask for less, name another node, or add one that fits.' },
  unauthorized: {
    status: 401,
    mend: 'Send the token as `Authorization: Bearer …`; the command line takes it from SIGNALBOX_API_TOKEN, a worker from SIGNALBOX_WORKER_TOKEN.',
  },
  forbidden: { status: 403, mend: 'Use a token with the right to do this.' },
  'budget-exhausted': {
    status: 403,
    mend: 'Wait for the next day or month, ask for less, or have the budget raised; `signalbox usage` shows it.',
  },
  'not-found': {
    status: 404,
    mend: 'Check the name; `signalbox runs`, `signalbox nodes`, `signalbox usage` (tenants) and `signalbox policy list` list what exists.',
  },
  'idempotency-conflict': { status: 409, mend: 'Use a new Idempotency-Key for a different request.' },
  'node-taken': { status: 409, mend: 'Give this worker another --node name, or stop the other one.' },
  'stale-execution': { status: 409, mend: 'A newer execution of this run has taken over; nothing to do.' },
  'run-over': { status: 409, mend: 'Start a new run; `signalbox show RUN` tells how this one ended.' },
  'policy-changed': {
    status: 409,
    mend: 'See with `signalbox policy list` and `signalbox policy diff` what was changed, and try again.',
  },
  'no-earlier-policy': {
    status: 409,
    mend: 'Activate the policy that is meant; `signalbox policy list` shows those that were in force.',
  },
  'payload-too-large': { status: 413, mend: 'Keep large data in the workspace and pass references.' },
  'unsupported-media-type': { status: 415, mend: 'Send the body as `Content-Type: application/json`.' },
  'queue-full': { status: 429, mend: 'Try again later; `signalbox runs` shows what is under way.' },
  'not-ready': { status: 503, mend: 'Try again in a moment.' },
  'temporal-unavailable': { status: 503, mend: 'Start a Temporal server or set TEMPORAL_ADDRESS.' },
  'ledger-unavailable': { status: 503, mend: 'Check the database and SIGNALBOX_DATABASE_URL.' },
  'api-unreachable': {
    status: 503,
    mend: 'Start it, or give the address by --api or SIGNALBOX_API_URL.',
  },
  'unsafe-bind': { status: 500, mend: 'Set SIGNALBOX_API_TOKEN, or bind to 127.0.0.1.' },
  'port-taken': { status: 500, mend: 'Stop the other program or choose another port.' },
  'demo-failed': { status: 500, mend: 'Try again with less else running; the logs say more.' },
  'already-running': { status: 500, mend: 'Stop the other `signalbox dev` of this folder first.' },
  'node-folder-taken': {
    status: 500,
    mend: 'Stop the other worker, or give this one another --node.',
  },
  'invalid-functions': {
    status: 400,
    mend: 'Export the functions by name, as `functions` or as the default.',
  },
  'workspace-unavailable': {
    status: 503,
    mend: 'Check SIGNALBOX_WORKSPACE and, for S3, AWS_ENDPOINT_URL and the credentials.',
  },
  'workspace-damaged': { status: 500, mend: 'Run the task that wrote the file again.' },
  internal: { status: 500, mend: 'This is a defect of Signalbox; please report it with the log.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One mistake in something given to us: where it stands, what is wrong, how to mend it. */
export interface Problem {
  /** Path within the document, e.g. `tasks.train.retry.attempts`. */
  readonly path: string;
  readonly message: string;
  readonly mend: string;
  readonly line?: number;
  readonly column?: number;
  /** The file, where the command line read it. */
  readonly file?: string;
}

/** The only error that reaches a user: a code of the catalogue, what was wrong, where, and what to do. */
export class SignalboxError extends Error {
  override readonly name = 'SignalboxError';
  /** When it is worth trying again, where that is known. */
  readonly retryAfterSeconds: number | null;
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly problems: readonly Problem[] = [],
    options?: ErrorOptions & { readonly retryAfterSeconds?: number },
  ) {
    super(message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds ?? null;
  }
  /** The HTTP status that goes with the code. */
  get status(): number {
    return ERRORS[this.code].status;
  }
  /** What the reader can do about it. */
  get mend(): string {
    return ERRORS[this.code].mend;
  }
}
