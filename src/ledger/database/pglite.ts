import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Driver } from './driver.js';

/** Opens the embedded database: in a folder, or in memory where there is none. The caller holds the folder's lock. */
export const openPglite = async (folder: string | null): Promise<Driver> => {
  if (folder !== null) await mkdir(folder, { recursive: true });
  const database = await PGlite.create(folder === null ? {} : { dataDir: folder });
  const pool = poolOfOne(database);
  const hot: Driver['hot'] = async (_name, text, values) => {
    const client = await pool.connect();
    try {
      return (await database.query<Record<string, unknown>>(text, [...values])).rows;
    } finally {
      client.release();
    }
  };
  return {
    pool,
    relaxed: pool,
    hot,
    transaction: (work) => work(hot, async () => undefined),
    listen: (channel, listener) => database.listen(channel, listener),
  };
};

/** Its one connection dressed as a pool, so that one query builder and its dialect serve both databases. */
const poolOfOne = (database: PGlite): PostgresPool => {
  let turn: Promise<void> = Promise.resolve();
  return {
    async connect() {
      const before = turn;
      let release = (): void => undefined;
      turn = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      const query = (text: string, values: readonly unknown[]) => run(database, text, values);
      return { query, release } as PostgresPoolClient;
    },
    async end() {
      await turn;
      await database.close();
    },
  };
};

const run = async (database: PGlite, text: string, values: readonly unknown[]) => {
  const { rows, affectedRows } = await database.query(text, [...values]);
  const [command = ''] = text.trimStart().split(/\s/, 1);
  return { command: command.toUpperCase(), rowCount: affectedRows ?? rows.length, rows };
};
