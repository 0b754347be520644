import pg from 'pg';
import type { World } from '../system/world.js';

/** What a query finds in the ledger's database, past all proxies. */
export const rowsOf = async (
  { databaseUrl }: Pick<World, 'databaseUrl'>,
  query: string,
  values: readonly unknown[] = [],
): Promise<readonly object[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(query, [...values])).rows;
  } finally {
    await client.end();
  }
};
