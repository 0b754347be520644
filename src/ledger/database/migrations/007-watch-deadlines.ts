import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** What is expected of a run with a deadline while it is open. */
export const watchDeadlines: Migration = {
  async up(db) {
    await sql`ALTER TABLE runs ADD COLUMN outlook jsonb`.execute(db);
  },
};
