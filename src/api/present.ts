import {
  type Deferred,
  handlersOf,
  needsOf,
  type OfferedChange,
  type Rejected,
  type RunForecast,
  type RunSpec,
  taskName,
  topologicalOrder,
  type Verdict,
} from '../domain/index.js';
import type * as ledger from '../ledger/index.js';
import { offerSentence } from '../planner/index.js';
import type {
  Demand,
  DryRun,
  Event,
  Explanation,
  ExplanationList,
  Node,
  PastRun,
  PolicyRecord,
  Pool,
  Run,
  RunDetail,
  Settled,
  Task,
  Usage,
} from './schemas.js';

const time = (atMs: number): string => new Date(atMs).toISOString();
const timeOrNull = (atMs: number | null): string | null => (atMs === null ? null : time(atMs));
const range = ({ p50, p90 }: { p50: number; p90: number }) => ({ p50: time(p50), p90: time(p90) });

/** A run's forecast, with times as the edge writes them. */
export const presentForecast = (forecast: RunForecast, atMs: number): Run['forecast'] => ({
  start: range(forecast.startAtMs),
  finish: range(forecast.finishAtMs),
  costMicroUsd: { p50: forecast.costMicroUsd.p50, p90: forecast.costMicroUsd.p90 },
  warnings: [...(forecast.warnings ?? [])],
  deadline: forecast.deadline,
  inTheWay: [...forecast.inTheWay],
  offers: forecast.offers.map((offer) => ({
    change: presentChange(offer.change),
    finish: range(offer.finishAtMs),
    deadline: offer.deadline,
    extraMicroUsd: offer.extraMicroUsd,
    words: offer.words,
    sentence: offerSentence(offer, atMs),
  })),
});

const presentChange = (change: OfferedChange): Run['forecast']['offers'][number]['change'] => {
  if (change.kind === 'deadline') return { kind: change.kind, deadlineAt: time(change.deadlineAtMs) };
  if (change.kind === 'priority') return { kind: change.kind, priority: change.priorityClass };
  return change;
};

/** What a run would be started as, and its forecast. */
export const presentDryRun = (spec: RunSpec, forecast: RunForecast, atMs: number): DryRun => ({
  pipeline: spec.pipeline.name,
  tenant: spec.tenant,
  priority: spec.priorityClass,
  deadlineAt: timeOrNull(spec.deadlineAtMs ?? null),
  forecast: presentForecast(forecast, atMs),
});

const presentOutlook = ({ outlook, deadlineAtMs, endedAtMs }: ledger.RunRecord): Run['outlook'] =>
  outlook === null || deadlineAtMs === null || endedAtMs !== null
    ? null
    : { ...presentForecast(outlook, outlook.atMs), at: time(outlook.atMs), raisedTo: outlook.raisedTo };

/** How a run stands with its deadline. */
export const presentDeadline = (record: ledger.RunRecord): ExplanationList['deadline'] => {
  const outlook = presentOutlook(record);
  return outlook && { at: time(record.deadlineAtMs ?? 0), outlook };
};

/** A run as it is listed. */
export const presentRun = (record: ledger.RunRecord): Run => ({
  id: record.runId,
  pipeline: record.pipeline,
  tenant: record.tenant,
  priority: record.priorityClass,
  status: record.status,
  paused: record.paused,
  createdAt: time(record.createdAtMs),
  endedAt: timeOrNull(record.endedAtMs),
  deadlineAt: timeOrNull(record.deadlineAtMs),
  error: record.error,
  forecast: presentForecast(record.forecast, record.createdAtMs),
  outlook: presentOutlook(record),
});

/**
 * A run with its tasks, each after what it needs; those that were never ready stand there as
 * `pending` or `skipped`, except fallbacks and compensations, which stand by until they are needed.
 */
export const presentRunDetail = (detail: ledger.RunDetail): RunDetail => ({
  ...presentRun(detail),
  params: { ...detail.spec.params },
  tasks: tasksOf(detail),
});

const tasksOf = ({ spec, tasks, status }: ledger.RunDetail): Task[] => {
  const never = status === 'running' ? 'pending' : 'skipped';
  const attempts = byName(tasks);
  const graph = topologicalOrder(needsOf(spec.pipeline)).flatMap(
    (name) => attempts.get(name)?.map(presentTask) ?? [placeholder(name, never)],
  );
  const standingBy = [...handlersOf(spec.pipeline).keys()];
  return [...graph, ...standingBy.flatMap((name) => attempts.get(name)?.map(presentTask) ?? [])];
};

const byName = (tasks: readonly ledger.TaskRecord[]): Map<string, ledger.TaskRecord[]> => {
  const found = new Map<string, ledger.TaskRecord[]>();
  for (const task of tasks) {
    const name = taskName(task.taskKey);
    const own = found.get(name);
    if (own) own.push(task);
    else found.set(name, [task]);
  }
  return found;
};

const placeholder = (key: string, state: 'pending' | 'skipped'): Task => ({
  key,
  attempt: 0,
  state,
  request: null,
  queue: null,
  node: null,
  forecast: null,
  readyAt: null,
  startedAt: null,
  endedAt: null,
  waitedSeconds: null,
  ranSeconds: null,
  progress: null,
  lostSeconds: 0,
  unsaved: null,
  wait: null,
  outputs: {},
  error: null,
  usage: null,
});

const presentTask = (record: ledger.TaskRecord): Task => ({
  key: record.taskKey,
  attempt: record.attempt,
  state: record.state,
  request: { ...record.request },
  queue: record.taskQueue,
  node: record.nodeId,
  forecast: { ...record.forecast },
  readyAt: time(record.readyAtMs),
  startedAt: timeOrNull(record.startedAtMs ?? record.grantedAtMs),
  endedAt: timeOrNull(record.endedAtMs),
  waitedSeconds: record.waitedSeconds,
  ranSeconds: record.ranSeconds,
  progress: record.progress,
  lostSeconds: record.lostSeconds,
  unsaved: record.unsaved && {
    seconds: record.unsaved.seconds,
    checkpointAt: timeOrNull(record.unsaved.checkpointAtMs),
  },
  wait: waitOf(record.state, record.verdict),
  outputs: { ...record.outputs },
  error: record.error,
  usage: record.usage,
});

const waitOf = (state: ledger.AttemptState, verdict: Verdict): Task['wait'] =>
  (state === 'waiting' && verdict.kind === 'deferred') || verdict.kind === 'rejected'
    ? presentWait(verdict)
    : null;

const presentWait = (verdict: Deferred | Rejected): NonNullable<Task['wait']> => ({
  blockers: verdict.blockers.map(({ code, detail }) => ({ code, detail })),
  position: verdict.kind === 'deferred' ? verdict.position : null,
  eta: verdict.kind === 'deferred' ? etaOf(verdict.etaP50Ms, verdict.etaP90Ms) : null,
  heldUntil: verdict.kind === 'deferred' ? timeOrNull(verdict.heldUntilMs ?? null) : null,
});

const etaOf = (p50: number | null, p90: number | null) =>
  p50 === null ? null : range({ p50, p90: p90 ?? p50 });

/** Why a task is where it is. */
export const presentExplanation = (found: ledger.Explanation): Explanation => ({
  task: found.taskKey,
  attempt: found.attempt,
  state: found.state,
  now: found.now,
  wait:
    found.blockers.length === 0
      ? null
      : {
          blockers: found.blockers.map(({ code, detail }) => ({ code, detail })),
          position: found.position,
          eta: etaOf(found.etaP50Ms, found.etaP90Ms),
          heldUntil: timeOrNull(found.heldUntilMs),
        },
  givesWay: found.givesWay && { to: found.givesWay.to, since: time(found.givesWay.sinceMs) },
  levers: found.levers.map(({ sentence, startAtMs, soonerMs }) => ({
    sentence,
    startAt: time(startAtMs),
    soonerSeconds: soonerMs === null ? null : soonerMs / 1_000,
  })),
  forecast: { ...found.forecast },
  past: found.past.map(({ atMs, ...decision }) => ({ ...decision, at: time(atMs) })),
});

/** What somebody did. */
export const presentAct = ({
  number,
  atMs,
  taskKey,
  sentence,
}: ledger.PastAct): ExplanationList['acts'][number] => ({ number, at: time(atMs), task: taskKey, sentence });

/** A node with what of it is taken. */
export const presentNode = (record: ledger.NodeRecord): Node => ({
  id: record.id,
  pool: record.pool,
  state: record.state,
  capacity: { ...record.capacity },
  used: { ...record.used },
  virtualDevices: record.virtualDevices,
  labels: { ...record.labels },
  drained: record.drained && {
    by: record.drained.by,
    reason: record.drained.reason,
    since: time(record.drained.atMs),
  },
  registeredAt: time(record.registeredAtMs),
  lastSeenAt: time(record.lastSeenAtMs),
  load: record.load,
  leases: record.leases.map(({ runId, taskKey, devices, state }) => ({
    run: runId,
    task: taskKey,
    devices: [...devices],
    state,
  })),
});

/** A pool at a glance. */
export const presentPool = ({ pool, nodes, waiting, running, pauses }: ledger.PoolRecord): Pool => ({
  ...{ pool, nodes: { ...nodes }, waiting, running },
  pauses: pauses.map(({ scope, cause, by, reason, atMs, untilMs }) => ({
    ...{ of: scope === 'all' ? 'all' : 'pool', cause, by, reason },
    since: time(atMs),
    until: timeOrNull(untilMs),
  })),
});

/** One line of the ordered log. */
export const presentEvent = (record: ledger.EventRecord): Event => ({
  number: record.number,
  at: time(record.atMs),
  kind: record.kind,
  run: record.runId,
  task: record.taskKey,
  attempt: record.attempt,
  node: record.nodeId,
  sentence: record.sentence,
  policyVersion: record.policyVersion,
  detail: record.detail as Event['detail'],
});

/** A settled attempt beside its forecast. */
export const presentSettled = (row: ledger.SettledAttempt): Settled => ({
  run: row.runId,
  pipeline: row.pipeline,
  task: row.task,
  key: row.taskKey,
  attempt: row.attempt,
  outcome: row.outcome,
  endedAt: time(row.endedAtMs),
  ranSeconds: row.runtimeSeconds,
  lostSeconds: row.lostSeconds,
  forecast: row.forecast,
  request: row.request,
  usage: { peakMemoryBytes: row.peakMemoryBytes, cpuSeconds: row.cpuSeconds },
});

/** A past run; a fallback and a compensation need the task that they stand by for. */
export const presentPastRun = (run: ledger.PastRun): PastRun => ({
  id: run.runId,
  pipeline: run.pipeline,
  tenant: run.tenant,
  priority: run.priorityClass,
  createdAt: time(run.createdAtMs),
  endedAt: timeOrNull(run.endedAtMs),
  deadlineAt: timeOrNull(run.deadlineAtMs),
  needs: {
    ...Object.fromEntries([...needsOf(run.pipelineDocument)].map(([name, needs]) => [name, [...needs]])),
    ...Object.fromEntries([...handlersOf(run.pipelineDocument)].map(([name, { of }]) => [name, [of]])),
  },
  attempts: run.attempts.map(({ taskKey, attempt, outcome, request, features, ...moments }) => ({
    ...{ key: taskKey, attempt, outcome, request: { ...request }, features: { ...features } },
    readyAt: time(moments.readyAtMs),
    startedAt: time(moments.startedAtMs),
    endedAt: time(moments.endedAtMs),
  })),
});

/** A policy that is or was in force. */
export const presentPolicy = ({ activatedAtMs, ...record }: ledger.PolicyRecord): PolicyRecord => ({
  ...record,
  activatedAt: time(activatedAtMs),
});

const WORK_UNIT = { gpu: 'device-seconds', cpu: 'core-seconds', io: 'slot-seconds' } as const;

/** What should arrive at a pool, in its unit. */
export const presentDemand = ({
  pool,
  hoursLearned,
  coming,
}: ledger.PoolDemand): Demand['pools'][number] => ({
  pool,
  unit: WORK_UNIT[pool],
  hoursLearned,
  coming: coming.map(({ fromMs, toMs, ...work }) => ({ from: time(fromMs), to: time(toMs), ...work })),
});

/** What tenants spend, use and hold. */
export const presentUsage = ({ atMs, tenants, breaker }: ledger.UsageReport): Usage => ({
  at: time(atMs),
  tenants: tenants.map(({ day, month, held, quota, ...tenant }) => ({
    ...tenant,
    day: presentPeriod(day),
    month: presentPeriod(month),
    held: { ...held },
    quota: quota === null ? null : { ...quota },
  })),
  breaker: { hour: presentBreaker(breaker.hour), day: presentBreaker(breaker.day) },
});

const presentPeriod = <Period extends { readonly sinceMs: number; readonly untilMs: number }>({
  sinceMs,
  untilMs,
  ...money
}: Period) => ({ since: time(sinceMs), until: time(untilMs), ...money });

const presentBreaker = ({ isOpen, ...money }: ledger.BreakerUsage) => ({
  ...presentPeriod(money),
  open: isOpen,
});
