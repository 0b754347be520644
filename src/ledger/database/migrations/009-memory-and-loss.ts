import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** What tasks that ran out of memory ask for from then on, how nodes fare and who runs them, and what giving way costs. */
export const growMemory: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  'ALTER TABLE tasks ADD COLUMN more_memory_bytes bigint',
  'ALTER TABLE nodes ADD COLUMN load jsonb, ADD COLUMN boot_id text',
  'ALTER TABLE leases ADD COLUMN memory_pressure_at_ms bigint, ADD COLUMN loss_share double precision NOT NULL DEFAULT 1',
  'ALTER TABLE tasks ADD COLUMN lost_seconds double precision NOT NULL DEFAULT 0',
  'ALTER TABLE observations ADD COLUMN unsafe_seconds double precision',
];
