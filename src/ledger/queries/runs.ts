import type { RunId, RunSpec, TaskKey } from '../../domain/index.js';
import type { OpenRun, RunDetail, RunFilter, RunRecord, TaskRecord, Unsaved } from '../contract.js';
import type { Database, ProgressRow } from '../database/database.js';
import type { LeaseRow, TaskRow } from '../rows/index.js';
import { recordOf } from './records.js';

/** A run with the newest attempt of each of its tasks. */
export const getRun = async ({ db }: Database, runId: RunId, atMs: number): Promise<RunDetail | null> => {
  const run = await db.selectFrom('runs').selectAll().where('runId', '=', runId).executeTakeFirst();
  if (run === undefined) return null;
  const { spec } = await db
    .selectFrom('specs')
    .select('spec')
    .where('runId', '=', runId)
    .executeTakeFirstOrThrow();
  const attempts = await readAttempts({ db }, runId);
  const leases = await readLiveLeases({ db }, runId);
  return {
    ...recordOf(run),
    spec: JSON.parse(spec) as RunSpec,
    tasks: newest(attempts).map((row) => taskRecord(row, leases.get(row.leaseId ?? ''), atMs)),
  };
};

/** An attempt with what its node last said of it. */
export type Attempt = TaskRow & { readonly told: ProgressRow | null };

/** All attempts of a run (or of one of its tasks) in order of arrival. */
export const readAttempts = async (
  { db }: Pick<Database, 'db'>,
  runId: RunId,
  taskKey?: TaskKey,
): Promise<readonly Attempt[]> => {
  let query = db.selectFrom('tasks').selectAll().where('runId', '=', runId).orderBy('arrival');
  if (taskKey !== undefined) query = query.where('taskKey', '=', taskKey);
  const rows = await query.execute();
  const told = await db
    .selectFrom('progress')
    .selectAll('progress')
    .innerJoin('tasks', 'tasks.leaseId', 'progress.leaseId')
    .where('tasks.runId', '=', runId)
    .execute();
  const byLease = new Map(told.map((row) => [row.leaseId, row]));
  return rows.map((row) => ({ ...row, told: byLease.get(row.leaseId ?? '') ?? null }));
};

/** The last attempt of each task, in the order in which the tasks first came. */
const newest = (attempts: readonly Attempt[]): readonly Attempt[] => {
  const last = new Map<string, Attempt>();
  for (const row of attempts) {
    const before = last.get(row.taskKey);
    if (before === undefined || row.attempt > before.attempt) last.set(row.taskKey, row);
  }
  return [...last.values()];
};

/** A lease that holds something, as far as a run's readers ask. */
export type LiveLease = Pick<LeaseRow, 'leaseId' | 'checkpointAtMs' | 'lossShare' | LeavingColumn>;
type LeavingColumn = 'state' | 'givesWayTo' | 'preemptingAtMs' | 'memoryPressureAtMs';

/** What is to be known of a run's leases that hold something, by their ids. */
export const readLiveLeases = async (
  { db }: Pick<Database, 'db'>,
  runId: RunId,
): Promise<ReadonlyMap<string, LiveLease>> => {
  const rows = await db
    .selectFrom('leases')
    .select(['leaseId', 'checkpointAtMs', 'lossShare', 'state'])
    .select(['givesWayTo', 'preemptingAtMs', 'memoryPressureAtMs'])
    .where('runId', '=', runId)
    .where('state', '<>', 'released')
    .execute();
  return new Map(rows.map((row) => [row.leaseId, row]));
};

/** What a running attempt would lose if it ended now; null of one that does not run. */
export const unsavedOf = (
  row: Attempt,
  lease: Pick<LeaseRow, 'checkpointAtMs'> | undefined,
  atMs: number,
): Unsaved | null => {
  const beganAtMs = row.startedAtMs ?? row.told?.startedAtMs ?? row.grantedAtMs;
  if (row.state !== 'running' || beganAtMs === null) return null;
  const checkpointAtMs = lease?.checkpointAtMs ?? null;
  return { checkpointAtMs, seconds: Math.max(0, atMs - Math.max(beganAtMs, checkpointAtMs ?? 0)) / 1_000 };
};

const taskRecord = (
  row: Attempt,
  lease: Pick<LeaseRow, 'checkpointAtMs'> | undefined,
  atMs: number,
): TaskRecord => {
  const startedAtMs = row.startedAtMs ?? row.told?.startedAtMs ?? null;
  const ranFrom = startedAtMs ?? row.grantedAtMs;
  return {
    taskKey: row.taskKey,
    attempt: row.attempt,
    state: row.state,
    request: row.request,
    forecast: row.forecast,
    verdict: row.verdict,
    taskQueue: row.taskQueue,
    nodeId: row.nodeId,
    leaseId: row.leaseId,
    readyAtMs: row.readyAtMs,
    grantedAtMs: row.grantedAtMs,
    startedAtMs,
    endedAtMs: row.endedAtMs,
    waitedSeconds: Math.max(0, (row.grantedAtMs ?? row.endedAtMs ?? atMs) - row.readyAtMs) / 1_000,
    ranSeconds: ranFrom === null ? null : Math.max(0, (row.endedAtMs ?? atMs) - ranFrom) / 1_000,
    progress: row.told?.progress ?? null,
    lostSeconds: row.lostSeconds,
    unsaved: unsavedOf(row, lease, atMs),
    outputs: row.outputs,
    error: row.error,
    usage: row.usage,
  };
};

/** Runs, newest first. */
export const listRuns = async ({ db }: Database, filter: RunFilter): Promise<readonly RunRecord[]> => {
  let query = db
    .selectFrom('runs')
    .selectAll()
    .orderBy('createdAtMs', 'desc')
    .orderBy('runId', 'desc')
    .limit(filter.limit);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.ended) query = query.where('status', '!=', 'running');
  if (filter.sinceMs !== undefined) query = query.where('createdAtMs', '>=', filter.sinceMs);
  if (filter.pipeline !== undefined) query = query.where('pipeline', '=', filter.pipeline);
  if (filter.before !== undefined) {
    const { before } = filter;
    query = query.where((row) =>
      row(
        row.refTuple('createdAtMs', 'runId'),
        '<',
        row
          .selectFrom('runs as last')
          .select(['last.createdAtMs', 'last.runId'])
          .where('last.runId', '=', before)
          .$asTuple('createdAtMs', 'runId'),
      ),
    );
  }
  return (await query.execute()).map(recordOf);
};

/**
 * Runs that have not ended, with the executions that may hold or await something for them; of all, or of those to which one of
 * these workflows belongs.
 */
export const openRuns = async (
  { db }: Database,
  workflowIds?: readonly string[],
): Promise<readonly OpenRun[]> => {
  let open = db.selectFrom('runs').select(['runId', 'createdAtMs']).where('status', '=', 'running');
  if (workflowIds !== undefined) {
    const theirs = [...new Set(workflowIds)];
    if (theirs.length === 0) return [];
    open = open.where((row) =>
      row.or([
        row('runId', 'in', theirs as RunId[]),
        row('runId', 'in', (from) =>
          from.selectFrom('executions').select('runId').where('workflowId', 'in', theirs),
        ),
      ]),
    );
  }
  const runs = await open.execute();
  if (runs.length === 0) return [];
  const pending = await db.selectFrom('outbox').select('runId').where('kind', '=', 'start-run').execute();
  const executions = await db
    .selectFrom('executions')
    .innerJoin('runs', 'runs.runId', 'executions.runId')
    .select(['executions.runId', 'executions.workflowId', 'executions.executionId', 'executions.closed'])
    .where('runs.status', '=', 'running')
    .$if(workflowIds !== undefined, (query) =>
      query.where(
        'executions.runId',
        'in',
        runs.map(({ runId }) => runId),
      ),
    )
    .orderBy('executions.ordinal')
    .execute();
  const starting = new Set(pending.map(({ runId }) => runId));
  const byRun = new Map<RunId, Map<string, { workflowId: string; executionId: string; closed: boolean }>>();
  for (const { runId, ...execution } of executions) {
    const workflows = byRun.get(runId) ?? new Map();
    byRun.set(runId, workflows.set(execution.workflowId, execution));
  }
  return runs.map(({ runId, createdAtMs }) => ({
    runId,
    createdAtMs,
    startPending: starting.has(runId),
    workflows: [...(byRun.get(runId)?.values() ?? [])]
      .filter(({ closed }) => !closed)
      .map(({ workflowId, executionId }) => ({ workflowId, executionId })),
  }));
};
