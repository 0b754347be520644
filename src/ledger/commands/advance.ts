import { createHash } from 'node:crypto';
import {
  type AdvanceAnswer,
  type AdvanceRequest,
  type Blocker,
  type Deferred,
  type EndedAttempt,
  type Forecast,
  type Option,
  type ReadyTask,
  type Rejected,
  type Reused,
  SignalboxError,
  taskName,
  type Verdict,
} from '../../domain/index.js';
import { amountOf } from '../../planner/index.js';
import { describeMisfit } from '../capacity.js';
import type { ExecutionRow, ResultRow, RunRow, TaskRow } from '../rows/index.js';
import { workChanged } from '../state/arriving.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { largestFor, withMemory } from '../state/more-memory.js';
import { deviceSecondsOf } from '../state/run-work.js';
import { loadRuns } from '../state/sync.js';
import { idOfTask, isLive, release, revoke, settle, withdraw } from '../state/transitions/index.js';
import { enterExecution } from './executions.js';
import { endRun } from './runs.js';
import { placesOf, termsOf } from './terms.js';

/** One turn of a run, in the order in which its facts must be taken: what ended frees room for what is ready. */
export const advance = (request: AdvanceRequest): Command<AdvanceAnswer> => {
  const hashes = new Map(
    request.ready.flatMap((ready) =>
      ready.cacheInputs === undefined ? [] : [[ready, cacheHash(request, ready)]],
    ),
  );
  let results = new Map<string, ResultRow>();
  return {
    async prepare(database, image) {
      if (image.runs.get(request.runId) === undefined) await loadRuns(database, image, [request.runId]);
      if (hashes.size === 0) return;
      const rows = await database.db
        .selectFrom('results')
        .selectAll()
        .where('hash', 'in', [...hashes.values()])
        .execute();
      results = new Map(rows.map((row) => [row.hash, row]));
    },
    apply(draft) {
      const run = openRun(draft, request);
      const execution = enterExecution(draft, run, request);
      for (const ended of request.ended) takeEnd(draft, run, ended);
      for (const { taskKey, attempt } of request.withdrawn) {
        const task = draft.image.task(run.runId, taskKey, attempt);
        if (task && (task.state === 'waiting' || task.state === 'running')) withdraw(draft, task);
      }
      for (const ready of request.ready) {
        const hash = hashes.get(ready) ?? null;
        enter(draft, run, execution, ready, hash, hash === null ? undefined : results.get(hash));
      }
      if (request.end) endRun(draft, run, request.end);
      const named = namedTasks(draft, request);
      for (const id of named) draft.asked.add(id);
      return () => ({
        verdicts: [...named].flatMap((id) => answerFor(draft.image.tasks.get(id), request)),
        policyVersion: draft.surroundings.policy.version,
      });
    },
  };
};

const cacheHash = ({ pipeline }: AdvanceRequest, { taskKey, cacheInputs }: ReadyTask): string =>
  createHash('sha256')
    .update(JSON.stringify([pipeline, taskName(taskKey), cacheInputs]))
    .digest('hex');

/** The run, open again where it had ended but its workflow asks on: a reset, or a signal that came with its last turn. */
const openRun = (draft: Draft, request: AdvanceRequest): RunRow => {
  const run = draft.image.runs.get(request.runId);
  if (run === undefined)
    throw new SignalboxError('not-found', `There is no run ${request.runId} in this ledger.`);
  draft.touchRun(run.runId);
  const root = request.workflowId === request.runId;
  const reopened = run.status !== 'running' && request.ready.length > 0;
  const said = root
    ? {
        priorityClass: request.priorityClass,
        paused: request.paused,
        deadlineAtMs: deadlineOf(run, request),
      }
    : {};
  const next: RunRow = {
    ...run,
    ...said,
    ...(reopened ? { status: 'running', endedAtMs: null, error: null } : {}),
  };
  if (reopened || (root && differs(run, next))) draft.put('runs', next);
  return next;
};

/** What a person has ordered since stands above what the run was submitted with, which is all that its workflow knows. */
const deadlineOf = ({ orders, deadlineAtMs }: RunRow, request: AdvanceRequest): number | null =>
  orders?.deadlineAtMs === undefined ? (request.deadlineAtMs ?? deadlineAtMs) : orders.deadlineAtMs;

const differs = (a: RunRow, b: RunRow): boolean =>
  a.priorityClass !== b.priorityClass || a.paused !== b.paused || a.deadlineAtMs !== b.deadlineAtMs;

/**
 * What the workflow says of an attempt's end; said twice, it is taken once. Of a lease that has been taken back from an attempt
 * that was over before, only the node can say that it is free: the workflow may hand back a late copy of its grant, while the
 * process still lives.
 */
const takeEnd = (draft: Draft, run: RunRow, ended: EndedAttempt): void => {
  const task = draft.image.task(run.runId, ended.taskKey, ended.attempt);
  const isNews = task !== undefined && isLive(task) && task.leaseId === ended.leaseId;
  if (isNews) settle(draft, task, ended);
  const lease = draft.image.liveLease(ended.leaseId);
  if (lease === undefined || lease.fencing !== ended.fencing) return;
  if (ended.processEnded && (isNews || lease.state !== 'revoked'))
    release(draft, lease, isNews ? null : 'its process has ended');
  else if (lease.state !== 'revoked') revoke(draft, lease, 'its attempt is over', true);
};

/** A ready attempt enters once per epoch: what is known of it already stands. */
const enter = (
  draft: Draft,
  run: RunRow,
  { workflowId, epoch, priorityClass, paused }: ExecutionRow,
  given: ReadyTask,
  hash: string | null,
  result: ResultRow | undefined,
): void => {
  const before = draft.image.task(run.runId, given.taskKey, given.attempt);
  if (before && before.workflowId === workflowId && before.epoch === epoch) return;
  const earlier = draft.image.task(run.runId, given.taskKey, given.attempt - 1);
  const ready = withMemory(given, earlier?.moreMemoryBytes ?? null);
  const forecast = predict(draft, run, ready);
  const revision = (before?.revision ?? 0) + 1;
  const terms = termsOf(
    { run, ready, priorityClass, forecast },
    draft.surroundings.policy,
    draft.atMs,
    draft.atMs,
  );
  const misfit = misfitOf(draft, ready, terms?.options ?? placesOf(ready), earlier);
  const verdict = firstVerdict(ready, revision, forecast, result, misfit);
  const task: TaskRow = {
    runId: run.runId,
    taskKey: ready.taskKey,
    attempt: ready.attempt,
    workflowId,
    epoch,
    state: verdict.kind === 'deferred' ? 'waiting' : verdict.kind,
    revision,
    // One that was interrupted keeps its place among its siblings.
    arrival: earlier && INTERRUPTED.has(earlier.state) ? earlier.arrival : draft.next('arrivals'),
    priorityClass: terms?.priorityClass ?? priorityClass,
    paused,
    request: terms?.options[0].request ?? ready.request,
    terms,
    features: ready.features,
    estimateSeconds: ready.estimateSeconds ?? null,
    forecast,
    takenSeconds: forecast.p50Seconds,
    doneSeconds: earlier?.doneSeconds ?? 0,
    lostSeconds: earlier?.lostSeconds ?? 0,
    preemptions: (earlier?.preemptions ?? 0) + (earlier?.state === 'preempted' ? 1 : 0),
    promised: false,
    moreMemoryBytes: earlier?.moreMemoryBytes ?? null,
    cacheHash: hash,
    suspectNodes: ready.suspectNodes ?? [],
    verdict,
    leaseId: null,
    nodeId: null,
    taskQueue: null,
    readyAtMs: draft.atMs,
    grantedAtMs: null,
    startedAtMs: null,
    endedAtMs: verdict.kind === 'deferred' ? null : draft.atMs,
    outputs: verdict.kind === 'reused' ? verdict.outputs : {},
    error: misfit === null ? null : { code: misfit.code, message: misfit.detail },
    usage: null,
  };
  expectMore(draft, task);
  draft.put('tasks', task);
  if (verdict.kind === 'deferred') draft.entered.add(idOfTask(task));
  else
    draft.event({
      kind: verdict.kind,
      runId: run.runId,
      taskKey: task.taskKey,
      attempt: task.attempt,
      detail: { ...verdict },
    });
};

const INTERRUPTED = new Set<TaskRow['state']>(['preempted', 'lost', 'revoked']);

/** An item that nobody expected, of a list that was not known before, adds to the work of its pool. */
const expectMore = (draft: Draft, task: TaskRow): void => {
  const { pool } = task.request;
  const work = draft.image.workOf(task.runId);
  if (work.row !== undefined && !work.expects(task)) workChanged(draft, pool, deviceSecondsOf(task));
};

/** Why it can never run, as it asks now. */
const misfitOf = (
  draft: Draft,
  ready: ReadyTask,
  options: readonly [Option, ...Option[]],
  earlier: TaskRow | undefined,
): Blocker | null => {
  if (ready.wantsMoreMemory && earlier && (earlier.moreMemoryBytes ?? 0) <= earlier.request.memoryBytes)
    return { code: 'no-larger-slot', detail: noLargerSlot(draft, earlier) };
  const detail = describeMisfit(draft.image, options);
  return detail === null ? null : { code: 'never-fits', detail };
};

const noLargerSlot = (draft: Draft, earlier: TaskRow): string => {
  const largest = largestFor(draft, earlier);
  const had = amountOf('memoryBytes', earlier.request.memoryBytes);
  if (largest === null) return `it ran out of memory with ${had}, and no live node could give it more`;
  return `it ran out of memory with ${had}; the largest node that it may run on, ${largest.nodeId}, has ${amountOf('memoryBytes', largest.memoryBytes)}`;
};

const firstVerdict = (
  { taskKey, attempt }: ReadyTask,
  revision: number,
  forecast: Forecast,
  result: ResultRow | undefined,
  misfit: Blocker | null,
): Reused | Rejected | Deferred => {
  const base = { taskKey, attempt, revision };
  if (result) return { kind: 'reused', ...base, outputs: result.outputs, fromRunId: result.runId };
  if (misfit) return { kind: 'rejected', ...base, blockers: [misfit] };
  return { kind: 'deferred', ...base, blockers: [], forecast, position: 0, etaP50Ms: null, etaP90Ms: null };
};

const predict = (draft: Draft, run: RunRow, ready: ReadyTask): Forecast =>
  draft.surroundings.forecaster.predict({
    pipeline: run.pipeline,
    task: taskName(ready.taskKey),
    pool: ready.request.pool,
    tenant: run.tenant,
    features: ready.features,
    ...(ready.estimateSeconds === undefined ? {} : { estimateSeconds: ready.estimateSeconds }),
  });

/**
 * The attempts that the answer speaks of: those that are ready or withdrawn, those whose lease the workflow wrongly believes it
 * holds, and, for its timer, those that wait or were granted without its knowledge.
 */
const namedTasks = (draft: Draft, request: AdvanceRequest): ReadonlySet<string> => {
  const { runId, workflowId, ready, withdrawn, held } = request;
  const believed = new Set<string>(held.map(({ leaseId }) => leaseId));
  const named = [...ready, ...withdrawn].flatMap(
    ({ taskKey, attempt }) => draft.image.task(runId, taskKey, attempt) ?? [],
  );
  const lost = held
    .flatMap(({ leaseId }) => draft.image.taskOfLease(leaseId) ?? [])
    .filter(({ state }) => state === 'revoked');
  const own = request.askAgain
    ? draft.image.tasksOf(runId).filter((task) => task.workflowId === workflowId)
    : [];
  const unknown = own.filter(
    ({ state, leaseId }) => state === 'waiting' || (state === 'running' && !believed.has(leaseId ?? '')),
  );
  return new Set([...named, ...lost, ...unknown].map(idOfTask));
};

const OVER = new Set<TaskRow['state']>(['succeeded', 'failed', 'preempted', 'cancelled', 'lost']);

/** An attempt that is over cannot be had again, whatever its last verdict was. */
const answerFor = (task: TaskRow | undefined, { executionId }: AdvanceRequest): readonly Verdict[] => {
  if (task === undefined) return [];
  if (!OVER.has(task.state)) return [forExecution(task.verdict, executionId)];
  const { taskKey, attempt, revision, state } = task;
  return [{ kind: 'revoked', taskKey, attempt, revision, why: `this attempt has ended: ${state}` }];
};

/** A grant goes to whoever asks: an execution that continues another has taken over its leases. */
const forExecution = (verdict: Verdict, executionId: string): Verdict =>
  verdict.kind === 'granted' ? { ...verdict, lease: { ...verdict.lease, executionId } } : verdict;
