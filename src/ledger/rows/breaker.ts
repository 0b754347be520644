import type { Pool } from '../../domain/index.js';
import type { Breaker } from '../../planner/index.js';
import type { HotColumns } from './columns.js';

/** What a breaker guards: a node, a whole pool, a service outside. */
export type BreakerScope = `node/${string}` | `pool/${Pool}` | `endpoint/${string}`;

/** A breaker that has counted something. */
export interface BreakerRow extends Breaker {
  readonly scope: BreakerScope;
  /** How many attempts it lets through until it is looked at again; null: as many as there is room for. */
  readonly startsLeft: number | null;
}

export const BREAKERS: HotColumns<BreakerRow> = {
  key: ['scope'],
  columns: {
    scope: 'text',
    state: 'text',
    sinceMs: 'bigint',
    trialAtMs: 'bigint',
    openings: 'integer',
    recent: 'jsonb',
    startsLeft: 'integer',
  },
};
