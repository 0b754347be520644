import type { SettledAttempt, SettledFilter } from '../contract.js';
import type { Database } from '../database/database.js';

/** Settled attempts beside the forecasts that they were placed by, newest first. */
export const listSettled = async (
  { db }: Database,
  { pipeline, task, limit }: SettledFilter,
): Promise<readonly SettledAttempt[]> => {
  let query = db
    .selectFrom('observations')
    .innerJoin('tasks', (join) =>
      join
        .onRef('tasks.runId', '=', 'observations.runId')
        .onRef('tasks.taskKey', '=', 'observations.taskKey')
        .onRef('tasks.attempt', '=', 'observations.attempt'),
    )
    .selectAll('observations')
    .select('tasks.request')
    .orderBy('observations.number', 'desc')
    .limit(limit);
  if (pipeline !== undefined) query = query.where('observations.pipeline', '=', pipeline);
  if (task !== undefined) query = query.where('observations.task', '=', task);
  const rows = await query.execute();
  return rows.map(({ estimateSeconds, ...row }) => ({
    ...row,
    ...(estimateSeconds === null ? {} : { estimateSeconds }),
  }));
};
