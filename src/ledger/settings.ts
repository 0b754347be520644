import type { Logger } from 'pino';
import type { Policy } from '../planner/index.js';

/** What a ledger needs to open. */
export interface LedgerSettings {
  /** `postgres://…`, `pglite:///absolute/folder`, or `pglite-memory:` for a store that ends with the process. */
  readonly url: string;
  readonly policy: Policy;
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The wall clock in epoch milliseconds; `Date.now` where absent. */
  readonly clock?: () => number;
}
