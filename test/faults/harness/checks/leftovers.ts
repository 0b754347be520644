import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '../system/world.js';
import { rowsOf } from './database.js';

/** Leases that nothing has given back. */
export const leasesLeft = async (world: World): Promise<string[]> => {
  const rows = await rowsOf(
    world,
    "SELECT lease_id, state, node_id, run_id, task_key, attempt FROM leases WHERE state <> 'released'",
  );
  return rows.map((row) => `a lease is left: ${JSON.stringify(row)}`);
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
