import { POOLS, type Pool } from './resources.js';

/** What a pause stops: new work of one pool, or of all of them. */
export type PauseScope = 'all' | `pool:${Pool}`;

/** What pauses. Pauses of the same scope for different causes stand side by side, and each ends by itself. */
export type PauseCause = 'person';

/** Nothing new starts in the scope; what runs goes on. */
export interface Pause {
  readonly scope: PauseScope;
  readonly cause: PauseCause;
  /** Who, as they named themselves. */
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  /** When it ends by itself; null where somebody must end it. */
  readonly untilMs: number | null;
}

/** The scope of a pool; without one, of all. */
export const pauseScope = (pool: Pool | null): PauseScope => (pool === null ? 'all' : `pool:${pool}`);

/** The pools that a scope is about. */
export const poolsIn = (scope: PauseScope): readonly Pool[] =>
  POOLS.filter((pool) => scope === 'all' || scope === pauseScope(pool));
