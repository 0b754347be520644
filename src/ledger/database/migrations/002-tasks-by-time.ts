import type { Migration } from 'kysely';
import { sql } from 'kysely';

/**
 * Finds the tasks of the latest weeks among all. Of the BRIN kind: rows come almost in this order, and a turn of the planner
 * pays next to nothing for it.
 */
export const findTasksByTime: Migration = {
  async up(db) {
    await sql`CREATE INDEX tasks_ready ON tasks USING brin (ready_at_ms) WITH (autosummarize = on)`.execute(
      db,
    );
  },
};
