import type { Migration } from 'kysely';
import { sql } from 'kysely';

/**
 * The tables. Hot ones carry the head's version of their last change, so that a process whose image is behind reads only what
 * is newer.
 */
export const begin: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `CREATE TABLE head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    ledger_id text NOT NULL DEFAULT substr(md5(random()::text || clock_timestamp()::text), 1, 8),
    version bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    fencing bigint NOT NULL DEFAULT 0,
    arrivals bigint NOT NULL DEFAULT 0
  )`,
  'INSERT INTO head DEFAULT VALUES',
  `CREATE TABLE runs (
    run_id text PRIMARY KEY, pipeline text NOT NULL, tenant text NOT NULL, priority_class text NOT NULL,
    status text NOT NULL, paused boolean NOT NULL, deadline_at_ms bigint, created_at_ms bigint NOT NULL,
    ended_at_ms bigint, error jsonb, forecast jsonb NOT NULL, idempotency_key text UNIQUE, spec_hash text NOT NULL,
    version bigint NOT NULL
  )`,
  'CREATE INDEX runs_version ON runs (version)',
  'CREATE INDEX runs_newest ON runs (created_at_ms DESC, run_id DESC)',
  "CREATE INDEX runs_open ON runs (run_id) WHERE status = 'running'",
  'CREATE TABLE specs (run_id text PRIMARY KEY, spec text NOT NULL)',
  `CREATE TABLE executions (
    workflow_id text NOT NULL, execution_id text NOT NULL, run_id text NOT NULL, epoch integer NOT NULL,
    ordinal bigint NOT NULL, priority_class text NOT NULL, paused boolean NOT NULL, closed boolean NOT NULL, version bigint NOT NULL,
    PRIMARY KEY (workflow_id, execution_id)
  )`,
  'CREATE INDEX executions_version ON executions (version)',
  'CREATE INDEX executions_run ON executions (run_id)',
  `CREATE TABLE tasks (
    run_id text NOT NULL, task_key text NOT NULL, attempt integer NOT NULL, workflow_id text NOT NULL,
    epoch integer NOT NULL, state text NOT NULL, revision integer NOT NULL, arrival bigint NOT NULL,
    priority_class text NOT NULL, paused boolean NOT NULL, request jsonb NOT NULL, features jsonb NOT NULL,
    estimate_seconds double precision, forecast jsonb NOT NULL, cache_hash text, suspect_nodes jsonb NOT NULL,
    verdict jsonb NOT NULL, lease_id text, node_id text, task_queue text, ready_at_ms bigint NOT NULL,
    granted_at_ms bigint, started_at_ms bigint, ended_at_ms bigint, outputs jsonb NOT NULL, error jsonb, usage jsonb,
    version bigint NOT NULL,
    PRIMARY KEY (run_id, task_key, attempt)
  )`,
  'CREATE INDEX tasks_version ON tasks (version)',
  `CREATE TABLE leases (
    lease_id text PRIMARY KEY, fencing bigint NOT NULL UNIQUE, pool text NOT NULL, node_id text,
    incarnation integer NOT NULL, devices jsonb NOT NULL, resources jsonb NOT NULL, task_queue text NOT NULL,
    state text NOT NULL, run_id text NOT NULL, task_key text NOT NULL, attempt integer NOT NULL,
    workflow_id text NOT NULL, granted_at_ms bigint NOT NULL, expected_end_p50_ms bigint NOT NULL,
    expected_end_p90_ms bigint NOT NULL, released_at_ms bigint, version bigint NOT NULL
  )`,
  'CREATE INDEX leases_version ON leases (version)',
  "CREATE INDEX leases_live ON leases (node_id) WHERE state <> 'released'",
  `CREATE TABLE nodes (
    node_id text PRIMARY KEY, key_hash text NOT NULL, pool text NOT NULL, capacity jsonb NOT NULL,
    state text NOT NULL, incarnation integer NOT NULL, labels jsonb NOT NULL, virtual_devices boolean NOT NULL,
    registered_at_ms bigint NOT NULL, version bigint NOT NULL,
    beat bigint NOT NULL DEFAULT 0, seen_at_ms bigint NOT NULL DEFAULT 0
  )`,
  `CREATE TABLE progress (
    lease_id text PRIMARY KEY, started_at_ms bigint NOT NULL, progress double precision,
    memory_bytes double precision, cpu_seconds double precision
  )`,
  `CREATE TABLE events (
    number bigint PRIMARY KEY, at_ms bigint NOT NULL, kind text NOT NULL, run_id text, task_key text,
    attempt integer, node_id text, policy_version text NOT NULL, detail jsonb NOT NULL
  )`,
  'CREATE INDEX events_run ON events (run_id, number)',
  `CREATE TABLE observations (
    number bigint PRIMARY KEY, lease_id text NOT NULL UNIQUE, run_id text NOT NULL, task_key text NOT NULL,
    attempt integer NOT NULL, pipeline text NOT NULL, task text NOT NULL, pool text NOT NULL, tenant text NOT NULL,
    features jsonb NOT NULL, estimate_seconds double precision, outcome text NOT NULL,
    runtime_seconds double precision NOT NULL, peak_memory_bytes double precision, cpu_seconds double precision,
    lost_seconds double precision, ended_at_ms bigint NOT NULL, forecast jsonb NOT NULL
  )`,
  `CREATE TABLE results (
    hash text PRIMARY KEY, run_id text NOT NULL, task_key text NOT NULL, outputs jsonb NOT NULL,
    stored_at_ms bigint NOT NULL
  )`,
  `CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, run_id text NOT NULL,
    workflow_id text NOT NULL, name text, payload jsonb, due_at_ms bigint NOT NULL,
    tries integer NOT NULL DEFAULT 0, last_error text
  )`,
  'CREATE INDEX outbox_due ON outbox (due_at_ms, id)',
  'CREATE INDEX outbox_run ON outbox (run_id)',
];
