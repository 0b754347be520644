import type { Logger } from 'pino';

/** What the ledger needs of a logger. */
export type LedgerLog = Pick<Logger, 'info' | 'warn' | 'error'>;

/** What a ledger needs to open. */
export interface LedgerSettings {
  /** `postgres://…`, `pglite:///absolute/folder`, or `pglite-memory:` for a store that ends with the process. */
  readonly url: string;
  /** The document of the policy that comes into force where none is; one that is stays so. */
  readonly policy: string;
  readonly log?: LedgerLog;
  /** How many days the planner's cycles are kept for replay, at least 1; 7 where absent. */
  readonly auditDays?: number;
  /** The wall clock in epoch milliseconds; `Date.now` where absent. */
  readonly clock?: () => number;
  /** A clock that never jumps, in milliseconds, by which silence is measured; `performance.now` where absent. */
  readonly monotonic?: () => number;
}
