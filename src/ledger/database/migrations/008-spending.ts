import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** What tenants spend, and what of their budgets running work has reserved. Leases of before cost nothing. */
export const countSpending: Migration = {
  async up(db) {
    for (const statement of COUNT_SPENDING) await sql.raw(statement).execute(db);
  },
};

const COUNT_SPENDING = [
  `CREATE TABLE spending (
    tenant text NOT NULL, period text NOT NULL, since_ms bigint NOT NULL, micro_usd bigint NOT NULL,
    overrun_micro_usd bigint NOT NULL, opened_at_micro_usd bigint, version bigint NOT NULL,
    PRIMARY KEY (tenant, period, since_ms)
  )`,
  'CREATE INDEX spending_version ON spending (version)',
  'CREATE INDEX spending_period ON spending (period, since_ms)',
  `ALTER TABLE leases ADD COLUMN micro_usd_per_hour bigint NOT NULL DEFAULT 0,
    ADD COLUMN reserved_micro_usd bigint NOT NULL DEFAULT 0, ADD COLUMN overrun_micro_usd bigint NOT NULL DEFAULT 0`,
];
