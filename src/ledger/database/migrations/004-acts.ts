import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** What people do: pauses of pools and of everything, and their acts found again by what they are about. */
export const acts: Migration = {
  async up(db) {
    for (const statement of ACTS) await sql.raw(statement).execute(db);
  },
};

const ACTS = [
  `CREATE TABLE pauses (
    scope text NOT NULL, cause text NOT NULL, by text NOT NULL, reason text NOT NULL, at_ms bigint NOT NULL,
    until_ms bigint, ended_at_ms bigint, version bigint NOT NULL, PRIMARY KEY (scope, cause)
  )`,
  'ALTER TABLE runs ADD COLUMN orders jsonb',
  'ALTER TABLE nodes ADD COLUMN leaving boolean NOT NULL DEFAULT false, ADD COLUMN drained jsonb',
  "UPDATE nodes SET leaving = state = 'draining'",
  "CREATE INDEX events_acts ON events (number) WHERE kind IN ('act', 'pause-ended') AND run_id IS NULL",
];
