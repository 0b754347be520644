import type { Migration } from 'kysely';
import { sql } from 'kysely';

/**
 * Policies as they were written, who brought each into force and why; the head says which one is. A node keeps what it was told, so
 * that no policy makes its deadline shorter behind its back.
 */
export const keepPolicies: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `CREATE TABLE policies (
    version text PRIMARY KEY, name text NOT NULL, text text NOT NULL, stored_at_ms bigint NOT NULL
  )`,
  `CREATE TABLE activations (
    number bigint PRIMARY KEY, version text NOT NULL REFERENCES policies, replaced text REFERENCES policies,
    kind text NOT NULL, by text NOT NULL, reason text NOT NULL, at_ms bigint NOT NULL
  )`,
  "ALTER TABLE head ADD COLUMN policy_version text NOT NULL DEFAULT ''",
  'ALTER TABLE nodes ADD COLUMN told jsonb',
];
