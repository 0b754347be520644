import type { Pool, Rank } from '../../domain/index.js';
import { type Policy, PoolLoad, rankFor } from '../../planner/index.js';
import type { Loads, RunRow, WorkRow } from '../rows.js';

/** A pool's load, to ask or to change. */
export const loadOf = (loads: Loads, pool: Pool): PoolLoad => new PoolLoad(loads[pool]);

/** A run's rank in a pool: frozen with what was known when it arrived, under the policy in force. */
export const rankOf = (
  run: Pick<RunRow, 'createdAtMs'>,
  { loads, latestStartAtMs }: Pick<WorkRow, 'loads' | 'latestStartAtMs'>,
  pool: Pool,
  policy: Policy,
): Rank => rankFor(run.createdAtMs, loadOf(loads, pool), policy, latestStartAtMs);
