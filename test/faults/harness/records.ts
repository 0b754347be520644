import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import type { World } from './system/world.js';

const TABLES = ['runs', 'tasks', 'leases', 'nodes', 'executions', 'outbox', 'events'];

/** Leaves in the folder what the ledger holds and, of runs that did not end, what Temporal recorded: for whoever looks for a cause. */
export const keepRecords = async (world: World, histories: boolean): Promise<void> => {
  const client = new pg.Client({ connectionString: world.databaseUrl });
  await client.connect();
  try {
    for (const table of TABLES) {
      const { rows } = await client.query(`SELECT to_jsonb(t) AS row FROM ${table} t`);
      const lines = rows.map(({ row }) => JSON.stringify(row));
      writeFileSync(join(world.folder, `${table}.jsonl`), `${lines.join('\n')}\n`);
    }
  } finally {
    await client.end();
  }
  if (!histories) return;
  const { runs } = await world.api.listRuns({ status: 'running', limit: 200 });
  for (const { id } of runs) {
    const history = await world.client.workflow.getHandle(id).fetchHistory();
    writeFileSync(join(world.folder, `${id}.json`), historyToJSON(history));
  }
};
