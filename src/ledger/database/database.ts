import { CamelCasePlugin, Kysely, Migrator, PostgresDialect, type PostgresPool } from 'kysely';
import { type NodeLoad, SignalboxError } from '../../domain/index.js';
import {
  type ActivationRow,
  type CycleRow,
  type EventRow,
  type ExecutionRow,
  type Head,
  HOT,
  HOT_NAMES,
  type HotRows,
  type LeaseRow,
  type NodeRow,
  type ObservationRow,
  type OutboxRow,
  type PauseRow,
  type PolicyRow,
  type ResultRow,
  type RunRow,
  type SpecRow,
  type SpendingRow,
  snake,
  type TaskRow,
  type TenantRow,
  type WorkRow,
} from '../rows/index.js';
import type { LedgerLog } from '../settings.js';
import { COMMIT_FUNCTION, createCommitFunction, NEWS_CHANNEL, TAKE_TURN } from './commit-function.js';
import type { Driver } from './driver.js';
import { MIGRATIONS } from './migrations/index.js';
import { openPglite } from './pglite.js';
import { openPostgres } from './postgres.js';

type Hot<Row> = Row & { readonly version: number };
/** The tables, for ordinary queries. */
export interface Tables {
  head: Head & { readonly ledgerId: string };
  runs: Hot<RunRow>;
  specs: SpecRow;
  works: Hot<WorkRow>;
  tenants: Hot<TenantRow>;
  spending: Hot<SpendingRow>;
  executions: Hot<ExecutionRow>;
  tasks: Hot<TaskRow>;
  leases: Hot<LeaseRow>;
  nodes: Hot<NodeRow> & { readonly beat: number; readonly seenAtMs: number; readonly load: NodeLoad | null };
  pauses: Hot<PauseRow>;
  progress: ProgressRow;
  events: EventRow;
  observations: ObservationRow;
  results: ResultRow;
  cycles: CycleRow;
  outbox: OutboxRow & { readonly id: number; readonly tries: number; readonly lastError: string | null };
  policies: PolicyRow;
  activations: ActivationRow;
}
/** What a node last said of a running lease; written by heartbeats alone, outside the head's lock. */
export interface ProgressRow {
  readonly leaseId: string;
  readonly startedAtMs: number;
  readonly progress: number | null;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** What a commit wrote. Where it is not known, as after a connection broke, it may be anything: `outbox`. */
export type News = 'outbox' | 'events';

/** A heartbeat as it is stored; of an older incarnation it leaves no trace. */
export interface Beat {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly keyHash: string;
  readonly atMs: number;
  readonly load: NodeLoad | null;
  /** Counts where the lease has this fencing number, and is the node's own or nobody's yet. */
  readonly progress: readonly (ProgressRow & { readonly fencing: number })[];
}

/** The hot rows that one statement read, with the head of the same instant. */
export type HotState = { readonly head: Head & { readonly ledgerId: string } } & {
  readonly [Table in keyof HotRows]: readonly HotRows[Table][];
};

/** Writes a batch if the head still has the known version; false where another process has moved it on. */
export type Commit = (known: number, counters: Omit<Head, 'version'>, batch: object) => Promise<boolean>;

/** The store behind the ledger: ordinary queries through the query builder, and the three statements of the hot path. */
export interface Database {
  readonly db: Kysely<Tables>;
  /** For the delivery of effects: one that a power cut has made forget is delivered again. */
  readonly effects: Kysely<Tables>;
  readonly commit: Commit;
  /** Waits for the planner's lock, in turn with other processes, and holds it until `work` has committed or ended. */
  inTurn<Answer>(work: (commit: Commit) => Promise<Answer>): Promise<Answer>;
  headVersion(): Promise<number>;
  /** All that is live: open runs with all of theirs, unreleased leases, nodes. */
  readLive(): Promise<HotState>;
  /** What has changed after a version. */
  readSince(version: number): Promise<HotState>;
  /** Runs with all of theirs, open or not. */
  readRuns(runIds: readonly string[]): Promise<HotState>;
  /** Counts a heartbeat and keeps what it says of its tasks' progress. Returns the head's version. */
  beat(beat: Beat): Promise<number>;
  /** Tells after each commit of any process what it wrote: something to the outbox, or events alone. */
  listen(listener: (news: News) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Opens the database that the URL names and brings its tables up to date. Throws `ledger-unavailable`. */
export const openDatabase = async (url: string, log: LedgerLog): Promise<Database> => {
  try {
    const driver = await openDriver(url, log);
    const db = builderOn(driver.pool);
    await migrate(db, driver);
    const effects = driver.relaxed === driver.pool ? db : builderOn(driver.relaxed);
    return database(db, effects, driver);
  } catch (cause) {
    throw unavailable(cause);
  }
};

const builderOn = (pool: PostgresPool): Kysely<Tables> =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });

const openDriver = async (url: string, log: LedgerLog): Promise<Driver> => {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, log);
  if (url === 'pglite-memory:') return openPglite(null);
  if (url.startsWith('pglite://')) return openPglite(decodeURIComponent(new URL(url).pathname));
  throw new SignalboxError(
    'invalid-option',
    `The database URL begins with "${url.slice(0, 12)}"; it must be postgres://… or pglite:///folder.`,
  );
};

/** A failure of the database as the catalogue knows it; what is in the catalogue already stays as it is. */
export const unavailable = (cause: unknown): SignalboxError =>
  cause instanceof SignalboxError
    ? cause
    : new SignalboxError('ledger-unavailable', `The database does not answer: ${String(cause)}`, [], {
        cause,
      });

/** Kysely takes an advisory lock for the time of the migration, so that two processes may start at once. */
const migrate = async (db: Kysely<Tables>, driver: Driver): Promise<void> => {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  await createOnce(driver);
};

/** Two processes that create the function at once disturb each other ("tuple concurrently updated"); the lock keeps them apart. */
const createOnce = async (driver: Driver): Promise<void> => {
  const client = await driver.pool.connect();
  try {
    await client.query('BEGIN', []);
    await client.query("SELECT pg_advisory_xact_lock(hashtext('signalbox'))", []);
    await client.query(createCommitFunction, []);
    await client.query('COMMIT', []);
  } finally {
    client.release();
  }
};

const select = (table: keyof HotRows, where: string): string => {
  const columns = Object.keys(HOT[table].columns).map((name) => `${snake(name)} AS "${name}"`);
  return `(SELECT coalesce(json_agg(t), '[]') FROM (SELECT ${columns.join(', ')} FROM ${table} WHERE ${where}) t) AS ${table}`;
};
/** One statement, so that all its rows are of one instant. */
const readHot = (where: (table: keyof HotRows) => string): string =>
  `SELECT (SELECT row_to_json(h) FROM (SELECT version, events, fencing, arrivals, loads, policy_version AS "policyVersion", ledger_id AS "ledgerId" FROM head) h) AS head,
  ${HOT_NAMES.map((table) => select(table, where(table))).join(',\n  ')}`;

const OF_OPEN_RUNS = "run_id IN (SELECT run_id FROM runs WHERE status = 'running')";
/**
 * Periods that may still be written to: those in which a running lease began, and the latest, by far more than clocks differ. Older
 * ones are history, which nobody reads here.
 */
const OF_LIVE_PERIODS = `since_ms >= LEAST(
    (SELECT max(latest.since_ms) FROM spending latest WHERE latest.period = spending.period),
    (SELECT min(granted_at_ms) FROM leases WHERE state <> 'released')
  ) - CASE period WHEN 'month' THEN 70 WHEN 'day' THEN 7 ELSE 2 END * 86400000::bigint`;
const READ_LIVE = readHot(
  (table) =>
    ({
      runs: "status = 'running'",
      works: OF_OPEN_RUNS,
      tenants: 'true',
      spending: OF_LIVE_PERIODS,
      executions: OF_OPEN_RUNS,
      tasks: OF_OPEN_RUNS,
      leases: "state <> 'released'",
      nodes: 'true',
      breakers: 'true',
      pauses: 'ended_at_ms IS NULL',
    })[table],
);
/**
 * The upper bound, which no ledger reaches, has Postgres expect few rows also of a table of which it has no statistics yet, so that it
 * takes the index: in a young table of a million tasks 0.1 ms instead of 670.
 */
const READ_SINCE = readHot(() => 'version > $1 AND version <= $1::bigint + 1000000000');
const OF_A_RUN: readonly string[] = ['runs', 'works', 'executions', 'tasks'];
const READ_RUNS = readHot((table) => (OF_A_RUN.includes(table) ? 'run_id = ANY($1)' : 'false'));
const COMMIT = `SELECT ${COMMIT_FUNCTION}($1, $2, $3) AS done`;

const SEEN = `WITH seen AS (
    UPDATE nodes SET beat = beat + 1, seen_at_ms = $2, load = coalesce($5::jsonb, load)
    WHERE node_id = $1 AND incarnation = $3 AND key_hash = $4 AND state <> 'lost' RETURNING node_id
  )`;
const BEAT = `${SEEN} SELECT version, (SELECT count(*) FROM seen) AS seen FROM head`;
/** Of what a node says of its tasks, what is of leases that are its own or nobody's yet; said twice, it counts once. */
const BEAT_WITH_PROGRESS = `${SEEN}, told AS (
    INSERT INTO progress (lease_id, started_at_ms, progress, memory_bytes, cpu_seconds)
    SELECT DISTINCT ON (r."leaseId") r."leaseId", r."startedAtMs", r.progress, r."memoryBytes", r."cpuSeconds"
    FROM seen, jsonb_to_recordset($6::jsonb)
      AS r("leaseId" text, fencing bigint, "startedAtMs" bigint, progress double precision, "memoryBytes" double precision, "cpuSeconds" double precision)
      JOIN leases ON leases.lease_id = r."leaseId" AND leases.fencing = r.fencing
    WHERE leases.node_id IS NULL OR leases.node_id = seen.node_id
    ON CONFLICT (lease_id) DO UPDATE SET progress = EXCLUDED.progress, memory_bytes = EXCLUDED.memory_bytes,
      cpu_seconds = EXCLUDED.cpu_seconds
  ) SELECT version, (SELECT count(*) FROM seen) AS seen FROM head`;

const commit = async (
  hot: Driver['hot'],
  ...[known, counters, batch]: Parameters<Commit>
): Promise<boolean> => {
  const [row] = await hot('commit', COMMIT, [known, JSON.stringify(counters), asJsonb(batch)]);
  return row?.done === true;
};

const database = (db: Kysely<Tables>, effects: Kysely<Tables>, driver: Driver): Database => {
  const read = async (name: string, text: string, values: readonly unknown[]): Promise<HotState> => {
    const [row] = await driver.hot(name, text, values);
    return row as unknown as HotState;
  };
  return {
    db,
    effects,
    commit: (known, counters, batch) => commit(driver.hot, known, counters, batch),
    inTurn: (work) =>
      driver.transaction(async (hot, end) => {
        await hot('turn', `SELECT ${TAKE_TURN}`, []);
        return work(async (known, counters, batch) => {
          const done = await commit(hot, known, counters, batch);
          await end();
          return done;
        });
      }),
    async headVersion() {
      const [row] = await driver.hot('version', 'SELECT version FROM head', []);
      return Number(row?.version);
    },
    readLive: () => read('read-live', READ_LIVE, []),
    readSince: (version) => read('read-since', READ_SINCE, [version]),
    readRuns: (runIds) => read('read-runs', READ_RUNS, [[...runIds]]),
    async beat({ nodeId, atMs, incarnation, keyHash, load, progress }) {
      const values = [nodeId, atMs, incarnation, keyHash, load && asJsonb(load)];
      const [row] =
        progress.length === 0
          ? await driver.hot('beat', BEAT, values)
          : await driver.hot('beat-progress', BEAT_WITH_PROGRESS, [...values, JSON.stringify(progress)]);
      return Number(row?.version);
    },
    listen: (listener) =>
      driver.listen(NEWS_CHANNEL, (news) => listener(news === 'events' ? 'events' : 'outbox')),
    async close() {
      await db.destroy();
      if (effects !== db) await effects.destroy();
    },
  };
};

/** What JSON can escape but `jsonb` cannot hold, NUL and halves of surrogate pairs, becomes the replacement character. */
const asJsonb = (value: object): string => {
  const text = JSON.stringify(value);
  return text.includes('\\u') ? text.replace(UNHOLDABLE, '$1\\ufffd') : text;
};
const UNHOLDABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;
