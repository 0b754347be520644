import { add, NOTHING, type Pool } from '../../domain/index.js';
import type { NodeRecord } from '../contract.js';
import type { Database } from '../database/database.js';

/** The registered nodes by name, each with what is taken of it. */
export const listNodes = async ({ db }: Database, pool: Pool | undefined): Promise<readonly NodeRecord[]> => {
  let query = db.selectFrom('nodes').selectAll().orderBy('nodeId');
  if (pool !== undefined) query = query.where('pool', '=', pool);
  const nodes = await query.execute();
  const leases = await db
    .selectFrom('leases')
    .selectAll()
    .where('state', '<>', 'released')
    .where('nodeId', 'is not', null)
    .orderBy('fencing')
    .execute();
  return nodes.map((node) => {
    const held = leases.filter(({ nodeId }) => nodeId === node.nodeId);
    return {
      id: node.nodeId,
      pool: node.pool,
      capacity: node.capacity,
      state: node.state,
      incarnation: node.incarnation,
      labels: node.labels,
      virtualDevices: node.virtualDevices,
      drained: node.drained,
      registeredAtMs: node.registeredAtMs,
      lastSeenAtMs: Math.max(node.registeredAtMs, node.seenAtMs),
      load: node.load,
      used: held.map(({ resources }) => resources).reduce(add, NOTHING),
      leases: held.map(({ leaseId, runId, taskKey, devices, state }) => ({
        leaseId,
        runId,
        taskKey,
        devices,
        state: state as Exclude<typeof state, 'released'>,
      })),
    };
  });
};
