import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** What the planner's order, tenants' shares and preemption need to know of runs, tasks, leases and pools. */
export const planByWork: Migration = {
  async up(db) {
    for (const statement of PLAN_BY_WORK) await sql.raw(statement).execute(db);
  },
};

const PLAN_BY_WORK = [
  `ALTER TABLE head ADD COLUMN loads jsonb NOT NULL DEFAULT '{}'`,
  `CREATE TABLE works (
    run_id text PRIMARY KEY, loads jsonb NOT NULL, lead_seconds double precision NOT NULL, tasks jsonb NOT NULL, version bigint NOT NULL
  )`,
  'CREATE INDEX works_version ON works (version)',
  `CREATE TABLE tenants (
    tenant text PRIMARY KEY, device_seconds double precision NOT NULL, at_ms bigint NOT NULL, version bigint NOT NULL
  )`,
  `ALTER TABLE tasks ADD COLUMN terms jsonb, ADD COLUMN taken_seconds double precision,
    ADD COLUMN done_seconds double precision NOT NULL DEFAULT 0, ADD COLUMN preemptions integer NOT NULL DEFAULT 0,
    ADD COLUMN promised boolean NOT NULL DEFAULT false`,
  `ALTER TABLE leases ADD COLUMN tenant text, ADD COLUMN gives_way_to text, ADD COLUMN preempting_at_ms bigint,
    ADD COLUMN checkpoint_at_ms bigint, ADD COLUMN overdue boolean NOT NULL DEFAULT false`,
];
