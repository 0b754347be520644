import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Fault, Scene } from './fault.js';

const LASTS_MS = 4_000;
const AGAIN_MS = 400;

/** Transactions that fail: sessions ended by the server, connections cut, or the planner's row locked by somebody else. */
export const failingDatabase: Fault = {
  kind: 'database-failing',
  lane: 'services',
  inject: (scene) => scene.chance.pick([endSessions, cutConnections, lockHead])(scene),
};

const endSessions = async ({ world }: Scene): Promise<string> => {
  let ended = 0;
  await asAdministrator(world.databaseUrl, async (client) => {
    for (let waitedMs = 0; waitedMs < LASTS_MS; waitedMs += AGAIN_MS) {
      const { rowCount } = await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'signalbox%'",
      );
      ended += rowCount ?? 0;
      await delay(AGAIN_MS);
    }
  });
  return `${ended} sessions ended by the server`;
};

const cutConnections = async ({ world, chance }: Scene): Promise<string> => {
  const { service, upstream } = chance.pick([world.apiPart, ...world.controls]);
  for (let waitedMs = 0; waitedMs < LASTS_MS; waitedMs += AGAIN_MS) {
    upstream.breakAll();
    await delay(AGAIN_MS);
  }
  return `connections of ${service.name} cut every ${AGAIN_MS} ms`;
};

/** Longer than the policy activity waits for its answer (5 s). */
const LOCKED_MS = 6_000;

const lockHead = async ({ world }: Scene): Promise<string> => {
  await asAdministrator(world.databaseUrl, async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT * FROM head FOR UPDATE');
    await delay(LOCKED_MS);
    await client.query('ROLLBACK');
  });
  return `the planner's row locked for ${LOCKED_MS} ms`;
};

const asAdministrator = async (url: string, act: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: url, application_name: 'faults' });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
};
