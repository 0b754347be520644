import { type Migration, sql } from 'kysely';

/** Breakers of nodes, pools and services outside. */
export const countFailures: Migration = {
  async up(db) {
    await sql`CREATE TABLE breakers (
      scope text PRIMARY KEY, state text NOT NULL, since_ms bigint NOT NULL, trial_at_ms bigint,
      openings integer NOT NULL, recent jsonb NOT NULL, starts_left integer, version bigint NOT NULL
    )`.execute(db);
    await sql`CREATE INDEX breakers_version ON breakers (version)`.execute(db);
  },
};
