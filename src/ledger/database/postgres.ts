import pg from 'pg';
import type { LedgerLog } from '../settings.js';
import type { Driver } from './driver.js';

const INT8 = 20;
const RECONNECT_MS = 1_000;
/** A process that is stopped within its turn loses it. A turn takes milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** Our numbers and times fit into a double exactly, so that `bigint` columns come as numbers. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Opens pools of connections to a Postgres server. */
export const openPostgres = (url: string, log: LedgerLog): Driver => {
  const pool = openPool(url, log, { max: 6 });
  return {
    pool,
    relaxed: openPool(url, log, { max: 2, options: '-c synchronous_commit=off' }),
    async hot(name, text, values) {
      const { rows } = await pool.query({ name, text, values: [...values] });
      return rows;
    },
    transaction: (work) => transaction(pool, work),
    listen: (channel, listener) => listen(url, channel, listener, log),
  };
};

const openPool = (url: string, log: LedgerLog, how: pg.PoolConfig): pg.Pool => {
  const pool = new pg.Pool({
    ...how,
    connectionString: url,
    types,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: LONGEST_PAUSE_MS,
    application_name: 'signalbox',
  });
  const broke = (error: Error) => log.warn({ err: error }, 'a database connection broke');
  pool.on('error', broke);
  // The pool hears a connection break only while it lies idle; one in hand, between two queries, would end the process.
  pool.on('connect', (client) => client.on('error', broke));
  return pool;
};

const transaction = async <Answer>(
  pool: pg.Pool,
  work: (hot: Driver['hot'], commit: () => Promise<void>) => Promise<Answer>,
): Promise<Answer> => {
  const client = await pool.connect();
  const hot: Driver['hot'] = async (name, text, values) =>
    (await client.query({ name, text, values: [...values] })).rows;
  let open = true;
  const commit = async (): Promise<void> => {
    if (open) await client.query('COMMIT');
    open = false;
  };
  try {
    await client.query('BEGIN');
    const answer = await work(hot, commit);
    await commit();
    client.release();
    return answer;
  } catch (error) {
    client.release(true);
    throw error;
  }
};

/** Listens on a connection of its own, opened again whenever it breaks; a listener may be called once too often. */
const listen = async (
  url: string,
  channel: string,
  listener: (payload: string) => void,
  log: LedgerLog,
): Promise<() => Promise<void>> => {
  let stopped = false;
  let client: pg.Client;
  let timer: NodeJS.Timeout | undefined;
  const open = async (): Promise<void> => {
    client = new pg.Client({ connectionString: url, application_name: 'signalbox-listen' });
    client.on('notification', ({ payload = '' }) => listener(payload));
    client.on('error', (error) => log.warn({ err: error }, 'the listening database connection broke'));
    client.on('end', () => again());
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    listener('');
  };
  const again = (): void => {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      open().catch(again);
    }, RECONNECT_MS);
    timer.unref();
  };
  await open();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client.end().catch(() => undefined);
  };
};
