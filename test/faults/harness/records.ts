import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { rowsOf } from './checks/database.js';
import type { World } from './system/world.js';

const TABLES = ['runs', 'tasks', 'leases', 'nodes', 'executions', 'outbox', 'events'];

/** Leaves in the folder what the ledger holds and, of runs that did not end, what Temporal recorded: for whoever looks for a cause. */
export const keepRecords = async (world: World, histories: boolean): Promise<void> => {
  for (const table of TABLES) {
    const rows = (await rowsOf(world, `SELECT to_jsonb(t) AS row FROM ${table} t`)) as { row: object }[];
    writeFileSync(
      join(world.folder, `${table}.jsonl`),
      rows.map(({ row }) => `${JSON.stringify(row)}\n`).join(''),
    );
  }
  if (!histories) return;
  const { runs } = await world.api.listRuns({ status: 'running', limit: 200 });
  for (const { id } of runs) {
    const history = await world.client.workflow.getHandle(id).fetchHistory();
    writeFileSync(join(world.folder, `${id}.json`), historyToJSON(history));
  }
};
