import type { PostgresPool } from 'kysely';

/** One of the two databases, as far as they differ. */
export interface Driver {
  /** For the query builder. */
  readonly pool: PostgresPool;
  /** Runs a statement of the hot path, prepared once per connection where the database can. */
  hot(name: string, text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Calls the listener at each notification of any process. Returns what stops it. */
  listen(channel: string, listener: () => void): Promise<() => Promise<void>>;
}
