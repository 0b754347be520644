import type { SignalboxError } from '../domain/index.js';

/** What the command's exit code tells a script. */
export const EXIT = { ok: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** The same for people, at the end of `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0    done; a followed run succeeded
  1    the run failed or was cancelled, nothing was found, it cannot be now (the run is
       over, the queue is full), a replay differs, or nobody answers
  2    a document, parameter or option is wrong; nothing was started
  130  Ctrl-C; a followed run goes on`;

/** Mistakes in what was given are 2, everything else that goes wrong is 1. */
export const exitCodeOf = ({ status, code }: SignalboxError): number =>
  status === 400 || status === 413 || code === 'idempotency-conflict' || code === 'unsafe-bind'
    ? EXIT.badInput
    : EXIT.failed;
