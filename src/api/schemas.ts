import { z } from 'zod';
import {
  DEADLINE_VERDICTS,
  type JsonValue,
  nodeLoad,
  OUTCOMES,
  POOLS,
  PRIORITY_CLASSES,
  REASONS,
  type ReasonCode,
  RUN_STATUSES,
} from '../domain/index.js';
import { ATTEMPT_STATES } from '../ledger/index.js';

/** An RFC 3339 time in UTC. */
const time = z.iso.datetime();
const seconds = z.number().nonnegative();
const timeRange = z.strictObject({ p50: time, p90: time });
const amount = z.number().nonnegative();
const resources = z.strictObject({ devices: amount, cores: amount, memoryBytes: amount, slots: amount });
const taskError = z.strictObject({ code: z.string(), message: z.string() });

/** States of a task as the API tells them: an attempt's, or `pending` and `skipped` for one that was never ready. */
export const TASK_STATES = ['pending', 'skipped', ...ATTEMPT_STATES] as const;

/** When a run would start and finish, and what it would cost. */
export const runForecast = z.strictObject({
  start: timeRange,
  finish: timeRange,
  costMicroUsd: z.strictObject({ p50: amount, p90: amount }),
  /** What its tenant's budget or quota will not let pass, in sentences. */
  warnings: z.array(z.string()),
  deadline: z.enum(DEADLINE_VERDICTS),
  /** What its tasks would wait for: a few, in words. */
  inTheWay: z.array(z.string()),
  /** Where the deadline is not safe, what could be done; the first is the run as it stands. */
  offers: z.array(
    z.strictObject({
      change: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('none') }),
        z.strictObject({ kind: z.literal('deadline'), deadlineAt: time }),
        z.strictObject({ kind: z.literal('place'), pool: z.enum(POOLS) }),
        z.strictObject({ kind: z.literal('priority'), priority: z.enum(PRIORITY_CLASSES) }),
      ]),
      finish: timeRange,
      deadline: z.enum(DEADLINE_VERDICTS),
      extraMicroUsd: z.number(),
      /** "with priority high", to go after the time. */
      words: z.string(),
      /** "by 13:55 UTC with priority high": the time that it finishes by in 9 of 10 cases. */
      sentence: z.string(),
    }),
  ),
});
export type RunForecast = z.infer<typeof runForecast>;

/** What a run would be started as, and what is forecast of it: the answer to a dry run. */
export const dryRun = z.strictObject({
  pipeline: z.string(),
  tenant: z.string(),
  priority: z.enum(PRIORITY_CLASSES),
  deadlineAt: time.nullable(),
  forecast: runForecast,
});
export type DryRun = z.infer<typeof dryRun>;

/** How an open run stands with its deadline, as of a moment. */
const runOutlook = runForecast.extend({ at: time, raisedTo: z.enum(PRIORITY_CLASSES).nullable() });

/** A run as it is listed. */
export const run = z.strictObject({
  id: z.string(),
  pipeline: z.string(),
  tenant: z.string(),
  priority: z.enum(PRIORITY_CLASSES),
  status: z.enum(RUN_STATUSES),
  paused: z.boolean(),
  createdAt: time,
  endedAt: time.nullable(),
  deadlineAt: time.nullable(),
  error: taskError.nullable(),
  forecast: runForecast,
  /** Null without a deadline, and once the run has ended. */
  outlook: runOutlook.nullable(),
});
export type Run = z.infer<typeof run>;

const taskForecast = z.strictObject({
  p50Seconds: seconds,
  p90Seconds: seconds,
  observations: amount,
  model: z.string(),
  version: z.string(),
});
const blocker = z.strictObject({
  code: z.enum(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]),
  detail: z.string(),
});
/** Any JSON value, as the domain types it. */
export const json = z.json() as z.ZodType<JsonValue, JsonValue>;

/** Why a task waits, its place in the queue and when it should start. */
const wait = z.strictObject({
  blockers: z.array(blocker),
  position: z.number().nullable(),
  eta: timeRange.nullable(),
  /** Until when the policy itself holds it at most; null where it does not, or without an end. */
  heldUntil: time.nullable(),
});

/** A task of a run: its newest attempt, or a placeholder (attempt 0) where it was never ready. */
export const task = z.strictObject({
  key: z.string(),
  attempt: z.number(),
  state: z.enum(TASK_STATES),
  request: resources.extend({ pool: z.enum(POOLS) }).nullable(),
  queue: z.string().nullable(),
  node: z.string().nullable(),
  forecast: taskForecast.nullable(),
  readyAt: time.nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  waitedSeconds: seconds.nullable(),
  ranSeconds: seconds.nullable(),
  progress: z.number().min(0).max(1).nullable(),
  /** Work of its attempts so far that had to be done again. */
  lostSeconds: seconds,
  /** Of a running attempt: what it would lose if it ended now, and since when work is not kept (null: since its start). */
  unsaved: z.strictObject({ seconds, checkpointAt: time.nullable() }).nullable(),
  wait: wait.nullable(),
  outputs: z.record(z.string(), json),
  error: taskError.nullable(),
  usage: z.strictObject({ peakMemoryBytes: amount.nullable(), cpuSeconds: seconds.nullable() }).nullable(),
});
export type Task = z.infer<typeof task>;

/** A run with its parameters and tasks. */
export const runDetail = run.extend({ params: z.record(z.string(), json), tasks: z.array(task) });
export type RunDetail = z.infer<typeof runDetail>;

/** A page of runs, newest first; `next` is the cursor of the following page, null on the last. */
export const runPage = z.strictObject({ runs: z.array(run), next: z.string().nullable() });
export type RunPage = z.infer<typeof runPage>;

/** Why one attempt of a task is where it is, and what was decided of it, oldest first. */
export const explanation = z.strictObject({
  task: z.string(),
  attempt: z.number(),
  state: z.enum(ATTEMPT_STATES),
  now: z.string(),
  wait: wait.nullable(),
  /** Of a running attempt that was asked to make room. */
  givesWay: z.strictObject({ to: z.string(), since: time }).nullable(),
  /** What would make it start sooner, and by how much; without a task's name only of the first that waits. */
  levers: z.array(z.strictObject({ sentence: z.string(), startAt: time, soonerSeconds: seconds.nullable() })),
  forecast: taskForecast,
  past: z.array(
    z.strictObject({
      number: z.number(),
      at: time,
      kind: z.string(),
      attempt: z.number(),
      sentence: z.string(),
      policyVersion: z.string(),
    }),
  ),
});
export type Explanation = z.infer<typeof explanation>;
export const explanationList = z.strictObject({
  /** How its run stands with its deadline. */
  deadline: z.strictObject({ at: time, outlook: runOutlook }).nullable(),
  explanations: z.array(explanation),
  /** What people have done to the run, its tasks, and its pools and nodes while it was open, oldest first. */
  acts: z.array(
    z.strictObject({ number: z.number(), at: time, task: z.string().nullable(), sentence: z.string() }),
  ),
});
export type ExplanationList = z.infer<typeof explanationList>;

/** What an act came to: whether it changed anything, and what holds now. */
export const acted = z.strictObject({ changed: z.boolean(), sentence: z.string() });
export type Acted = z.infer<typeof acted>;

/** A pool at a glance, with what keeps new work from starting in it. */
export const pool = z.strictObject({
  pool: z.enum(POOLS),
  nodes: z.strictObject({ active: z.number(), draining: z.number(), lost: z.number() }),
  waiting: z.number(),
  running: z.number(),
  pauses: z.array(
    z.strictObject({
      /** This pool, or all of them. */
      of: z.enum(['pool', 'all']),
      cause: z.string(),
      by: z.string(),
      reason: z.string(),
      since: time,
      until: time.nullable(),
    }),
  ),
});
export type Pool = z.infer<typeof pool>;
export const poolList = z.strictObject({ pools: z.array(pool) });
export type PoolList = z.infer<typeof poolList>;

/** A node with what of it is taken and by whom. */
export const node = z.strictObject({
  id: z.string(),
  pool: z.enum(POOLS),
  state: z.enum(['active', 'draining', 'lost']),
  capacity: resources,
  used: resources,
  virtualDevices: z.boolean(),
  labels: z.record(z.string(), z.string()),
  /** Who has it take no new work, where a person does. */
  drained: z.strictObject({ by: z.string(), reason: z.string(), since: time }).nullable(),
  registeredAt: time,
  lastSeenAt: time,
  /** How busy its machine is and what is wrong with it, as it last said; null where it never did. */
  load: nodeLoad.nullable(),
  leases: z.array(
    z.strictObject({
      run: z.string(),
      task: z.string(),
      devices: z.array(z.number()),
      state: z.enum(['held', 'preempting', 'revoked']),
    }),
  ),
});
export type Node = z.infer<typeof node>;
export const nodeList = z.strictObject({ nodes: z.array(node) });
export type NodeList = z.infer<typeof nodeList>;

/** How an attempt ended, beside the forecast that it was placed by and what it had asked for. */
export const settled = z.strictObject({
  run: z.string(),
  pipeline: z.string(),
  task: z.string(),
  key: z.string(),
  attempt: z.number(),
  outcome: z.enum(OUTCOMES),
  endedAt: time,
  ranSeconds: seconds,
  /** Work since its last checkpoint that a later attempt has to do again; null where there is none. */
  lostSeconds: seconds.nullable(),
  forecast: taskForecast,
  request: resources.extend({ pool: z.enum(POOLS) }),
  usage: z.strictObject({ peakMemoryBytes: amount.nullable(), cpuSeconds: seconds.nullable() }),
});
export type Settled = z.infer<typeof settled>;
export const settledList = z.strictObject({ attempts: z.array(settled) });
export type SettledList = z.infer<typeof settledList>;

/** An attempt of a past run that held hardware. */
const pastAttempt = z.strictObject({
  key: z.string(),
  attempt: z.number(),
  outcome: z.enum(OUTCOMES),
  request: resources.extend({ pool: z.enum(POOLS) }),
  features: z.record(z.string(), z.union([z.number(), z.string()])),
  readyAt: time,
  startedAt: time,
  endedAt: time,
});
/** A run that has ended, with what a replay of it needs; `needs` names what each task of its document needs. */
export const pastRun = z.strictObject({
  id: z.string(),
  pipeline: z.string(),
  tenant: z.string(),
  priority: z.enum(PRIORITY_CLASSES),
  createdAt: time,
  endedAt: time.nullable(),
  deadlineAt: time.nullable(),
  needs: z.record(z.string(), z.array(z.string())),
  attempts: z.array(pastAttempt),
});
export type PastRun = z.infer<typeof pastRun>;
/** A page of past runs, newest first; `next` is the cursor of the following page, null on the last. */
export const historyPage = z.strictObject({ runs: z.array(pastRun), next: z.string().nullable() });
export type HistoryPage = z.infer<typeof historyPage>;

/** One line of the ordered log: what was decided or happened, in a sentence, and what it was decided from. */
export const event = z.strictObject({
  number: amount,
  at: time,
  kind: z.string(),
  run: z.string().nullable(),
  task: z.string().nullable(),
  attempt: z.number().nullable(),
  node: z.string().nullable(),
  sentence: z.string(),
  policyVersion: z.string(),
  detail: z.record(z.string(), json),
});
export type Event = z.infer<typeof event>;
/** Events in their order, and the number to read on after. */
export const eventPage = z.strictObject({ events: z.array(event), next: amount });
export type EventPage = z.infer<typeof eventPage>;

/**
 * Recordings of planner cycles within a time range, with the policies that they were planned by. A recording is one process's; to
 * know what its first cycle in the range was planned on, read it from part `base` on.
 */
export const recordingList = z.strictObject({
  recordings: z.array(
    z.strictObject({
      writer: z.string(),
      policyVersion: z.string(),
      base: amount,
      last: amount,
      cycles: amount,
    }),
  ),
  policies: z.array(z.strictObject({ version: z.string(), text: z.string() })),
});
export type RecordingList = z.infer<typeof recordingList>;
const recordedChanges = { sequence: amount, policyVersion: z.string(), changes: z.string() };
/** Parts of a recording in their order: of its snapshot, or cycles. What changed and what was decided are JSON texts, byte for byte. */
export const recordedParts = z.strictObject({
  parts: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('snapshot'), ...recordedChanges }),
      z.strictObject({
        kind: z.literal('cycle'),
        ...recordedChanges,
        base: amount,
        number: amount,
        atMs: z.number(),
        plannerVersion: z.string(),
        scope: z.strictObject({ pools: z.array(z.enum(POOLS)), asked: z.array(z.string()) }),
        plan: z.string(),
      }),
    ]),
  ),
});
export type RecordedParts = z.infer<typeof recordedParts>;

/** What the forecaster has learned from, and what it set aside as doubtful. */
export const forecaster = z.strictObject({
  version: z.string(),
  observations: amount,
  doubtfulRuntimes: amount,
  doubtfulFeatures: amount,
});
export type Forecaster = z.infer<typeof forecaster>;

/** The work that should arrive at pools, hour by hour: the rest of this one first. Empty where no whole hour is known. */
export const demand = z.strictObject({
  pools: z.array(
    z.strictObject({
      pool: z.enum(POOLS),
      unit: z.enum(['device-seconds', 'core-seconds', 'slot-seconds']),
      hoursLearned: amount,
      coming: z.array(z.strictObject({ from: time, to: time, expected: amount, low: amount, high: amount })),
    }),
  ),
});
export type Demand = z.infer<typeof demand>;

const money = {
  since: time,
  until: time,
  spentMicroUsd: amount,
  reservedMicroUsd: amount,
  overrunMicroUsd: amount,
};
const period = z.strictObject({ ...money, budgetMicroUsd: amount.nullable() });
const breaker = z.strictObject({ ...money, limitMicroUsd: amount.nullable(), open: z.boolean() });

/** What tenants spend, use and hold: money by the UTC day and month in which its work began, hardware as of now. */
export const usage = z.strictObject({
  at: time,
  tenants: z.array(
    z.strictObject({
      tenant: z.string(),
      day: period,
      month: period,
      exhausted: z.enum(['defer', 'reject']).nullable(),
      share: z.number().min(0).max(1),
      weight: amount,
      held: resources,
      quota: resources.omit({ memoryBytes: true }).partial().nullable(),
    }),
  ),
  /** All tenants together, against what the policy lets them spend in an hour and a day. */
  breaker: z.strictObject({ hour: breaker, day: breaker }),
});
export type Usage = z.infer<typeof usage>;

/** A policy that is or was in force: who last brought it into force, why and when. */
export const policyRecord = z.strictObject({
  version: z.string(),
  name: z.string(),
  active: z.boolean(),
  by: z.string(),
  reason: z.string(),
  kind: z.enum(['start', 'activate', 'rollback']),
  activatedAt: time,
});
export type PolicyRecord = z.infer<typeof policyRecord>;
export const policyList = z.strictObject({ policies: z.array(policyRecord) });
export type PolicyList = z.infer<typeof policyList>;
/** The same with its document as it was written. */
export const policyDetail = policyRecord.extend({ text: z.string() });
export type PolicyDetail = z.infer<typeof policyDetail>;
/** A document without mistakes: what it would be called. */
export const checkedPolicy = z.strictObject({ name: z.string(), version: z.string() });
export type CheckedPolicy = z.infer<typeof checkedPolicy>;
/** What is in force now and what was before; `changed` is false where it was in force already. */
export const activatedPolicy = z.strictObject({
  version: z.string(),
  replaced: z.string().nullable(),
  changed: z.boolean(),
});
export type ActivatedPolicy = z.infer<typeof activatedPolicy>;

/** An error as RFC 9457 says it, with our code, the mend, and every mistake by its place. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  mend: z.string(),
  problems: z.array(
    z.strictObject({
      path: z.string(),
      message: z.string(),
      mend: z.string(),
      line: z.number().optional(),
      column: z.number().optional(),
    }),
  ),
  requestId: z.string(),
});
export type ProblemDocument = z.infer<typeof problem>;
