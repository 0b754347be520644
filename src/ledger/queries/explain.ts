import { type RunId, type RunSpec, SignalboxError, type TaskKey, taskName } from '../../domain/index.js';
import { type Deferral, type Lever, levers, plan, span } from '../../planner/index.js';
import type { Explanation, PastDecision } from '../contract.js';
import type { Database } from '../database/database.js';
import type { EventRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { attemptId } from '../state/planner-view.js';
import { type Attempt, type LiveLease, readAttempts, readLiveLeases, unsavedOf } from './runs.js';
import { eta, expectation, obstacles, sentenceOf } from './sentences.js';

/** Why each task of a run, newest attempt last, is where it is: how it stands now, and what was decided of it before. */
export const explain = async (
  database: Database,
  waits: ReadonlyMap<string, Wait>,
  { runId, taskKey }: { readonly runId: RunId; readonly taskKey: TaskKey | undefined },
  atMs: number,
): Promise<readonly Explanation[]> => {
  const attempts = await readAttempts(database, runId, taskKey);
  if (attempts.length === 0) await refuseUnknown(database, runId, taskKey);
  const events = await database.db
    .selectFrom('events')
    .selectAll()
    .where('runId', '=', runId)
    .where('taskKey', 'is not', null)
    .orderBy('number')
    .execute();
  const leases = await readLiveLeases(database, runId);
  return attempts.map((task) => {
    const own = events.filter((event) => event.taskKey === task.taskKey && event.attempt === task.attempt);
    const wait = waits.get(attemptId(runId, task.taskKey, task.attempt));
    const lease = leases.get(task.leaseId ?? '');
    return explanation(task, wait, lease, own, atMs);
  });
};

const refuseUnknown = async ({ db }: Database, runId: RunId, taskKey: TaskKey | undefined): Promise<void> => {
  const run = await db.selectFrom('specs').select('spec').where('runId', '=', runId).executeTakeFirst();
  if (run === undefined) throw new SignalboxError('not-found', `There is no run ${runId}.`);
  const { pipeline } = JSON.parse(run.spec) as RunSpec;
  if (taskKey !== undefined && !Object.hasOwn(pipeline.tasks, taskName(taskKey))) {
    throw new SignalboxError('not-found', `Run ${runId} has no task ${taskKey}.`);
  }
};

const ago = ({ preemptingAtMs }: LiveLease, atMs: number): string =>
  `${span(atMs - (preemptingAtMs ?? atMs))} ago`;

const aim = ({ givesWayTo, memoryPressureAtMs }: LiveLease): string =>
  givesWayTo === null && memoryPressureAtMs !== null
    ? 'move to where there is more memory'
    : `make room for ${givesWayTo ?? 'whoever is next'}`;

/** Below this expected share of loss it is worth saying that the task saves its work when it is asked to leave. */
const SAVES_WHEN_ASKED = 0.5;

/** What a running attempt would lose if it had to stop now. */
const atRisk = (task: Attempt, lease: LiveLease | undefined, atMs: number): string => {
  const unsaved = unsavedOf(task, lease, atMs);
  if (unsaved === null || lease === undefined) return '';
  const amount = span(unsaved.seconds * 1_000);
  const what =
    unsaved.checkpointAtMs === null
      ? `; no checkpoint of it is kept: stopped now it would lose all since its start, ${amount}`
      : `; its last checkpoint keeps all but ${amount}`;
  if (lease.lossShare >= SAVES_WHEN_ASKED) return what;
  return `${what} (asked to leave, it has saved about ${Math.round(100 * (1 - lease.lossShare))}% of that before)`;
};

const explanation = (
  task: Attempt,
  wait: Wait | undefined,
  lease: LiveLease | undefined,
  events: readonly EventRow[],
  atMs: number,
): Explanation => ({
  levers: wait?.levers ?? [],
  taskKey: task.taskKey,
  attempt: task.attempt,
  state: task.state,
  now: nowSentence(task, wait?.deferral, lease, atMs),
  blockers: wait?.deferral.blockers ?? (task.verdict.kind === 'rejected' ? task.verdict.blockers : []),
  position: wait?.deferral.position ?? null,
  etaP50Ms: wait?.deferral.etaP50Ms ?? null,
  etaP90Ms: wait?.deferral.etaP90Ms ?? null,
  heldUntilMs: wait?.deferral.heldUntilMs ?? null,
  givesWay:
    lease?.state === 'preempting' && task.state === 'running'
      ? { to: lease.givesWayTo ?? '', sinceMs: lease.preemptingAtMs ?? atMs }
      : null,
  forecast: task.forecast,
  past: events.map(pastDecision),
});

const pastDecision = (event: EventRow): PastDecision => ({
  number: event.number,
  atMs: event.atMs,
  kind: event.kind,
  attempt: event.attempt ?? 0,
  sentence: sentenceOf(event),
  policyVersion: event.policyVersion,
});

const nowSentence = (
  task: Attempt,
  deferral: Deferral | undefined,
  lease: LiveLease | undefined,
  atMs: number,
): string => {
  if (task.state === 'waiting' && deferral) {
    const { position, blockers, etaP50Ms, etaP90Ms } = deferral;
    const next = task.promised ? ', others give way for it' : '';
    return `waits, number ${position} in the queue of ${task.request.pool}${next}: ${obstacles(blockers)}; ${eta(etaP50Ms, etaP90Ms, atMs)}`;
  }
  if (task.state === 'running') {
    const where = task.nodeId ?? `pool ${task.request.pool}`;
    if (lease?.state === 'preempting')
      return `runs on ${where}, and was asked ${ago(lease, atMs)} to ${aim(lease)}; it goes on later from its last checkpoint`;
    return `runs on ${where}; ${expectation(task.forecast)}${atRisk(task, lease, atMs)}`;
  }
  if (task.verdict.kind === 'rejected') return `refused: ${obstacles(task.verdict.blockers)}`;
  if (task.verdict.kind === 'revoked' && task.state === 'revoked')
    return `lost its lease: ${task.verdict.why}`;
  if (task.verdict.kind === 'reused') return `took over the result of ${task.verdict.fromRunId}`;
  return task.error ? `${task.state}: ${task.error.message}` : task.state;
};

/** What the planner says now of a waiting task. */
export interface Wait {
  readonly deferral: Deferral;
  readonly levers: readonly Lever[];
}

/** What the planner says now of a run's waiting tasks, or of one of them; nothing is decided or stored. */
export const askPlanner = (
  runId: RunId,
  taskKey: TaskKey | undefined,
): Command<ReadonlyMap<string, Wait>> => ({
  apply: (draft) => () => waitsOf(draft, runId, taskKey),
});

const waitsOf = (draft: Draft, runId: RunId, taskKey: TaskKey | undefined): ReadonlyMap<string, Wait> => {
  const waiting = draft.image
    .tasksOf(runId)
    .filter((task) => task.state === 'waiting' && (taskKey === undefined || task.taskKey === taskKey));
  const asked = new Set(waiting.map((task) => attemptId(runId, task.taskKey, task.attempt)));
  if (asked.size === 0) return new Map();
  const { cluster } = draft.image;
  const { policy } = draft.surroundings;
  const { deferrals } = plan(cluster, policy, draft.atMs, { asked });
  // Each lever is a cycle of its own: one task's are shown, the first one's where nobody names one.
  const first = deferrals.toSorted((a, b) => a.position - b.position)[0]?.id;
  return new Map(
    deferrals.map((deferral) => {
      const { id } = deferral;
      return [id, { deferral, levers: id === first ? levers(cluster, policy, draft.atMs, id) : [] }];
    }),
  );
};
