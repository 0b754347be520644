import { createHash } from 'node:crypto';
import { HOT, HOT_NAMES, LOG_NAMES, LOGS, snake } from '../rows/index.js';

/** The channel that says after a commit what it wrote: `outbox`, or `events` alone. */
export const NEWS_CHANNEL = 'signalbox_news';

/** Takes the planner's lock until the transaction ends. Whoever asks first gets it first, which a lock on a row does not promise. */
export const TAKE_TURN = "pg_advisory_xact_lock(hashtext('signalbox-planner'))";

/**
 * The function that writes a batch: one round trip and one transaction, whatever the batch holds, its statements planned once per
 * connection. It waits for the planner's lock, and does nothing where the head has moved on since the caller's image was made.
 *
 * Measured in chains of 20 steps, 840 to 1,260 calls of `advance`, on 2 cores that other work kept busy (November 2026): median
 * 0.60 ms on Postgres 15 over a socket without waiting for the disk, 0.77 ms on PGlite; waiting for the disk 3.9 ms, of which a
 * bare `UPDATE` of one row took 2.7 ms there. The process itself needs 0.2 ms a call.
 */
const body = (): string => `
DECLARE now_at bigint := known + 1;
BEGIN
  PERFORM ${TAKE_TURN};
  UPDATE head SET version = now_at, events = (counters->>'events')::bigint,
    fencing = (counters->>'fencing')::bigint, arrivals = (counters->>'arrivals')::bigint,
    loads = counters->'loads', policy_version = counters->>'policyVersion'
    WHERE version = known;
  IF NOT FOUND THEN RETURN false; END IF;
${[...HOT_NAMES.map(upsert), ...LOG_NAMES.map(append)].join('\n')}
  IF batch ? 'outbox' THEN PERFORM pg_notify('${NEWS_CHANNEL}', 'outbox');
  ELSIF batch ? 'events' THEN PERFORM pg_notify('${NEWS_CHANNEL}', 'events'); END IF;
  RETURN true;
END`;

const names = (columns: object): string => Object.keys(columns).map(snake).join(', ');
const fields = (columns: object): string =>
  Object.keys(columns)
    .map((name) => `r."${name}"`)
    .join(', ');
const record = (table: string, columns: object): string =>
  `jsonb_to_recordset(batch->'${table}') AS r(${Object.entries(columns)
    .map(([name, type]) => `"${name}" ${type}`)
    .join(', ')})`;

const upsert = (table: (typeof HOT_NAMES)[number]): string => {
  const { key, columns } = HOT[table];
  const rest = Object.keys(columns).filter((name) => !(key as readonly string[]).includes(name));
  return `  IF batch ? '${table}' THEN
    INSERT INTO ${table} (${names(columns)}, version) SELECT ${fields(columns)}, now_at FROM ${record(table, columns)}
    ON CONFLICT (${key.map(snake).join(', ')}) DO UPDATE SET ${rest.map((name) => `${snake(name)} = EXCLUDED.${snake(name)}`).join(', ')}, version = now_at;
  END IF;`;
};

/** What is named by its content is stored once. */
const ONCE: Partial<Record<(typeof LOG_NAMES)[number], string>> = { results: 'hash', policies: 'version' };

const append = (table: (typeof LOG_NAMES)[number]): string => {
  const columns = LOGS[table];
  const key = ONCE[table];
  const repeated = key === undefined ? '' : ` ON CONFLICT (${key}) DO NOTHING`;
  return `  IF batch ? '${table}' THEN
    INSERT INTO ${table} (${names(columns)}) SELECT ${fields(columns)} FROM ${record(table, columns)}${repeated};
  END IF;`;
};

const TEXT = body();

/** The function's name says which text it has, so that two versions of the program can work side by side on one database. */
export const COMMIT_FUNCTION = `signalbox_commit_${createHash('sha256').update(TEXT).digest('hex').slice(0, 12)}`;

/** Creates the function where it is missing. */
export const createCommitFunction = `CREATE OR REPLACE FUNCTION ${COMMIT_FUNCTION}(known bigint, counters jsonb, batch jsonb)
  RETURNS boolean LANGUAGE plpgsql AS $commit$${TEXT}$commit$`;
