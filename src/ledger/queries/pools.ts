import { POOLS, type Pool } from '../../domain/index.js';
import type { PoolRecord } from '../contract.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';

/** The pools as they stand, read from the image: nothing is counted anew. */
export const listPools = (): Command<readonly PoolRecord[]> => ({
  apply: (draft) => () => POOLS.map((pool) => poolOf(draft, pool)),
});

const poolOf = ({ image, atMs }: Draft, pool: Pool): PoolRecord => {
  const state = image.cluster.pool(pool);
  const nodes = { active: 0, draining: 0, lost: 0 };
  for (const node of state.nodes.values()) nodes[node.state] += 1;
  return {
    pool,
    nodes,
    waiting: state.queue.size,
    running: state.leases.size,
    pauses: state.pauses(atMs).map(({ scope, cause, by, reason, atMs, untilMs }) => ({
      ...{ scope, cause, by, reason, atMs, untilMs },
    })),
  };
};
