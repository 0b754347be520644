import type { Observation } from '../domain/index.js';
import type { Forecaster } from '../forecast/index.js';
import type { Database } from './database/database.js';
import type { ObservationRow } from './rows.js';

const PAGE = 10_000;

/** Feeds settled attempts to the forecaster in the order of their numbers, whoever stored them: each exactly once. */
export class Learning {
  #last = 0;

  constructor(
    private readonly database: Database,
    private readonly forecaster: Forecaster,
  ) {}

  /** Reads what has been stored since, this process's own observations included where they were not told yet. */
  async catchUp(): Promise<void> {
    for (;;) {
      const rows = await this.database.db
        .selectFrom('observations')
        .selectAll()
        .where('number', '>', this.#last)
        .orderBy('number')
        .limit(PAGE)
        .execute();
      this.learn(rows);
      if (rows.length < PAGE) return;
    }
  }

  /** Learns rows that this process has just stored on top of all that were known. */
  learn(rows: readonly ObservationRow[]): void {
    for (const row of rows) {
      if (row.number <= this.#last) continue;
      this.#last = row.number;
      this.forecaster.observe(observationOf(row));
    }
  }
}

const observationOf = ({ estimateSeconds, ...row }: ObservationRow): Observation => ({
  ...row,
  ...(estimateSeconds === null ? {} : { estimateSeconds }),
});
