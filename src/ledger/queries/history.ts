import { OUTCOMES, type Outcome, type RunId, type RunSpec } from '../../domain/index.js';
import type { HistoryFilter, PastAttempt, PastRun } from '../contract.js';
import type { Database } from '../database/database.js';
import { listRuns } from './runs.js';

/** Runs that have ended, newest first, each with its document and all attempts that held hardware. */
export const listHistory = async (
  database: Database,
  { sinceMs, limit, before }: HistoryFilter,
): Promise<readonly PastRun[]> => {
  const filter = { limit, ended: true, sinceMs, ...(before === undefined ? {} : { before }) };
  const runs = await listRuns(database, filter);
  const ids = runs.map(({ runId }) => runId);
  if (ids.length === 0) return [];
  const specs = await specsOf(database, ids);
  const attempts = await attemptsOf(database, ids);
  return runs.map((run) => ({
    ...run,
    pipelineDocument: (specs.get(run.runId) as RunSpec).pipeline,
    attempts: attempts.get(run.runId) ?? [],
  }));
};

const specsOf = async ({ db }: Database, ids: readonly RunId[]): Promise<ReadonlyMap<RunId, RunSpec>> => {
  const rows = await db.selectFrom('specs').selectAll().where('runId', 'in', ids).execute();
  return new Map(rows.map(({ runId, spec }) => [runId, JSON.parse(spec) as RunSpec]));
};

const attemptsOf = async ({ db }: Database, ids: readonly RunId[]) => {
  const rows = await db
    .selectFrom('tasks')
    .select(['runId', 'taskKey', 'attempt', 'state', 'request', 'features'])
    .select(['readyAtMs', 'grantedAtMs', 'startedAtMs', 'endedAtMs'])
    .where('runId', 'in', ids)
    .where('state', 'in', OUTCOMES)
    .orderBy('arrival')
    .execute();
  const byRun = new Map<RunId, PastAttempt[]>();
  for (const { runId, state, grantedAtMs, startedAtMs, endedAtMs, ...row } of rows) {
    const beganAtMs = startedAtMs ?? grantedAtMs;
    if (beganAtMs === null || endedAtMs === null) continue;
    const attempt = { ...row, outcome: state as Outcome, startedAtMs: beganAtMs, endedAtMs };
    const own = byRun.get(runId);
    if (own === undefined) byRun.set(runId, [attempt]);
    else own.push(attempt);
  }
  return byRun;
};
