import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** The planner's cycles, for exact replay. Texts are compressed by the fast method where the server has it. */
export const recordCycles: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `CREATE TABLE cycles (
    writer text NOT NULL, sequence bigint NOT NULL, base bigint NOT NULL, number bigint, at_ms bigint NOT NULL,
    policy_version text NOT NULL, planner_version text, changes text NOT NULL, scope text, plan text,
    PRIMARY KEY (writer, sequence)
  )`,
  'CREATE INDEX cycles_time ON cycles (writer, at_ms)',
];
