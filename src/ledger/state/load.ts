import type { Pool, Rank } from '../../domain/index.js';
import { type Policy, PoolLoad, rankFor } from '../../planner/index.js';
import type { Loads, RunRow, WorkRow } from '../rows/index.js';

/** A pool's load, to ask or to change. */
export const loadOf = (loads: Loads, pool: Pool): PoolLoad => new PoolLoad(loads[pool]);

/** A run's rank in a pool: from what was known when it arrived and the deadline that it has now, under the policy in force. */
export const rankOf = (
  { createdAtMs, deadlineAtMs }: Pick<RunRow, 'createdAtMs' | 'deadlineAtMs'>,
  { loads, leadSeconds }: Pick<WorkRow, 'loads' | 'leadSeconds'>,
  pool: Pool,
  policy: Policy,
): Rank => {
  const latestStartAtMs = deadlineAtMs === null ? null : Math.round(deadlineAtMs - leadSeconds * 1_000);
  return rankFor(createdAtMs, loadOf(loads, pool), policy, latestStartAtMs);
};
