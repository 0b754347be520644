import type { PostgresPool } from 'kysely';

/** One of the two databases, as far as they differ. */
export interface Driver {
  /** For the query builder. */
  readonly pool: PostgresPool;
  /** The same without waiting for the disk: for what is done again where a power cut has undone it. */
  readonly relaxed: PostgresPool;
  /** Runs a statement of the hot path, prepared once per connection where the database can. */
  hot(name: string, text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /**
   * Runs statements in one transaction, which `commit` ends, or the end of `work`. It is taken back where it stands still for
   * seconds, so that a process that is stopped holds up no other. The embedded database has one process: its statements go one by one.
   */
  transaction<Answer>(
    work: (hot: Driver['hot'], commit: () => Promise<void>) => Promise<Answer>,
  ): Promise<Answer>;
  /** Calls the listener with each notification of any process, and with an empty one where some may have been missed. Returns what stops it. */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>;
}
