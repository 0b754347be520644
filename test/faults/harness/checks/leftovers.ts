import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import type { World } from '../system/world.js';

/** Leases that nothing has given back. */
export const leasesLeft = async ({ databaseUrl }: World): Promise<string[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT lease_id, state, node_id, run_id, task_key, attempt FROM leases WHERE state <> 'released'",
    );
    return rows.map((row) => `a lease is left: ${JSON.stringify(row)}`);
  } finally {
    await client.end();
  }
};

/** Processes of tasks that live on. */
export const processesLeft = ({ mark }: World): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const environment = readText(`/proc/${pid}/environ`);
      return environment.includes(mark) && environment.includes('SIGNALBOX_LEASE=');
    })
    .map((pid) => `process ${pid} is left: ${readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
