import { sql } from 'kysely';
import { type RunId, type TaskKey, taskName } from '../../domain/index.js';
import type { PastAct } from '../contract.js';
import type { Database } from '../database/database.js';
import type { EventRow } from '../rows/index.js';
import { actSentence } from './act-sentence.js';

/** In the words of the index that finds them. */
const IS_ACT = sql<boolean>`kind IN ('act', 'pause-ended')`;

/** More than these of one run nobody reads; the newest are told. */
const MOST = 200;

/**
 * What people have done to a run (or to one of its tasks), and, since it came, to the pools and nodes that its tasks have asked for,
 * oldest first.
 */
export const listActs = async (
  { db }: Database,
  runId: RunId,
  taskKey: TaskKey | undefined,
): Promise<readonly PastAct[]> => {
  const run = await db.selectFrom('runs').selectAll().where('runId', '=', runId).executeTakeFirst();
  if (run === undefined) return [];
  let asked = db.selectFrom('tasks').select(['request', 'nodeId']).where('runId', '=', runId);
  if (taskKey !== undefined) asked = asked.where('taskKey', '=', taskKey);
  const tasks = await asked.execute();
  const scopes = new Set<unknown>(['all', ...tasks.map(({ request }) => `pool:${request.pool}`)]);
  const nodes = new Set<unknown>(tasks.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== null));
  const isAbout = ({ runId, taskKey: named, nodeId, detail }: EventRow): boolean => {
    if (runId === null) return nodeId === null ? scopes.has(detail.scope) : nodes.has(nodeId);
    return (
      named === null || taskKey === undefined || named === taskKey || named === (taskName(taskKey) as TaskKey)
    );
  };
  const acts = db
    .selectFrom('events')
    .selectAll()
    .where(IS_ACT)
    .where('atMs', '>=', run.createdAtMs)
    .where('atMs', '<=', run.endedAtMs ?? Number.MAX_SAFE_INTEGER)
    .orderBy('number', 'desc')
    .limit(MOST);
  const ofRun = await acts.where('runId', '=', runId).execute();
  const ofOthers = await acts.where('runId', 'is', null).execute();
  return [...ofRun, ...ofOthers]
    .filter(isAbout)
    .sort((a, b) => a.number - b.number)
    .map((event) => ({
      number: event.number,
      atMs: event.atMs,
      taskKey: event.taskKey,
      sentence: actSentence(event),
    }));
};
