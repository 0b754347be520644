import { sql } from 'kysely';
import type { Pool } from '../../domain/index.js';
import { createDemandForecaster, type DemandForecaster } from '../../forecast/index.js';
import type { HourOfDemand, PoolDemand } from '../contract.js';
import type { Database } from '../database/database.js';

const HOUR_MS = 3_600_000;
/** Eight weeks: an hour of the week has its season after some, and what is older counts for little. */
const WINDOW_HOURS = 8 * 7 * 24;
/** What a pool's tasks hold while they run. */
const HELD = { gpu: 'devices', cpu: 'cores', io: 'slots' } as const satisfies Record<Pool, string>;

/** The work that should arrive at each pool until so many hours, this one included, are over. */
export const forecastDemand = async (
  database: Database,
  pools: readonly Pool[],
  hours: number,
  nowMs: number,
): Promise<readonly PoolDemand[]> => {
  const forecaster = createDemandForecaster();
  for (const pool of pools) {
    for (const { hour, work } of await arrivals(database, pool, nowMs))
      forecaster.observe({ pool, atMs: hour * HOUR_MS, deviceSeconds: work });
    forecaster.observe({ pool, atMs: nowMs, deviceSeconds: 0 });
  }
  return pools.map((pool) => demandOf(forecaster, pool, hours, nowMs));
};

/**
 * The work that came in each hour of the window, as it was forecast when it came. Only first attempts count, for a repetition
 * is no new work, and only what was to run: a result used again or a refused task takes nothing.
 */
const arrivals = ({ db }: Database, pool: Pool, nowMs: number) => {
  const thisHour = Math.floor(nowMs / HOUR_MS);
  return db
    .selectFrom('tasks')
    .select([
      sql<number>`(ready_at_ms / ${HOUR_MS}::bigint)::integer`.as('hour'),
      sql<number>`sum((request ->> ${HELD[pool]})::float8 * (forecast ->> 'p50Seconds')::float8)`.as('work'),
    ])
    .where('attempt', '=', 1)
    .where('state', 'not in', ['reused', 'rejected'])
    .where('readyAtMs', '>=', (thisHour - WINDOW_HOURS) * HOUR_MS)
    .where('readyAtMs', '<=', nowMs)
    .where(sql`request ->> 'pool'`, '=', pool)
    .groupBy('hour')
    .orderBy('hour')
    .execute();
};

const demandOf = (forecaster: DemandForecaster, pool: Pool, hours: number, nowMs: number): PoolDemand => {
  const hoursLearned = forecaster.predict(pool, nowMs, 1).hours;
  if (hoursLearned === 0) return { pool, hoursLearned, coming: [] };
  const spans = Array.from({ length: hours }, (_, ahead) => hourFrom(nowMs, ahead));
  const coming = spans.map(({ fromMs, toMs }): HourOfDemand => {
    const { deviceSeconds, low, high } = forecaster.predict(pool, fromMs, (toMs - fromMs) / 1000);
    return { fromMs, toMs, expected: deviceSeconds, low, high };
  });
  return { pool, hoursLearned, coming };
};

/** The rest of this hour, or a whole one that follows. */
const hourFrom = (nowMs: number, ahead: number) => {
  const beginMs = (Math.floor(nowMs / HOUR_MS) + ahead) * HOUR_MS;
  return { fromMs: Math.max(nowMs, beginMs), toMs: beginMs + HOUR_MS };
};
