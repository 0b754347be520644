import type {
  Act,
  Features,
  Forecast,
  JsonValue,
  LeaseId,
  LeaseState,
  NodeId,
  NodeState,
  Option,
  Outcome,
  Pause,
  Period,
  Placement,
  Pool,
  PriorityClass,
  ReadyTask,
  ResourceRequest,
  Resources,
  RunForecast,
  RunId,
  RunStatus,
  TaskError,
  TaskKey,
  Usage,
  Verdict,
} from '../domain/index.js';
import type { Breaker, Held, LoadNumbers } from '../planner/index.js';
import type { AttemptState } from './contract.js';

/** A run. Its document lies in `specs`, so that a change of state does not write it again. */
export interface RunRow {
  readonly runId: RunId;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly status: RunStatus;
  readonly paused: boolean;
  readonly deadlineAtMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly error: TaskError | null;
  readonly forecast: RunForecast;
  /** How it stands with its deadline; null without one, and of old rows. */
  readonly outlook: DeadlineWatch | null;
  readonly idempotencyKey: string | null;
  /** Of what was asked for, to tell a repeated request from another one under the same key. */
  readonly specHash: string;
  /** Null until a person orders something. */
  readonly orders: Orders | null;
}

/** What people have ordered of a run and of its tasks; it outlives the workflow's executions. */
export interface Orders {
  /** As last asked of the workflow. */
  readonly paused?: boolean;
  readonly priorityClass?: PriorityClass;
  /** In place of the deadline that it was submitted with; null: none. */
  readonly deadlineAtMs?: number | null;
  /** By a task's name, for all its items, or by an item's key. */
  readonly holds: Readonly<Record<string, DatedAct>>;
  readonly pins: Readonly<Record<string, Pin>>;
}
export const NO_ORDERS: Orders = { holds: {}, pins: {} };

/** The only node that a task may go to, and its pool. */
export interface Pin extends DatedAct {
  readonly nodeId: NodeId;
  readonly pool: Pool;
}

/** What is expected of an open run with a deadline, as of the latest change worth writing down. */
export interface DeadlineWatch extends RunForecast {
  readonly atMs: number;
  /** The class that the policy has raised it to, once. */
  readonly raisedTo: PriorityClass | null;
}

/**
 * What a run was forecast to be when it arrived: what it is made of, and what its place in the queues follows from under whichever
 * policy is in force. Written once.
 */
export interface WorkRow {
  readonly runId: RunId;
  /** How loaded the pools were, this run included. */
  readonly loads: Loads;
  /** How long before its deadline it must have started: its longest path at P90. */
  readonly leadSeconds: number;
  readonly tasks: Readonly<Record<string, TaskWork>>;
}

/** One task of a run as forecast: what each of its items takes, and the longest path from its start to the run's end. */
export interface TaskWork {
  readonly pool: Pool;
  readonly items: number;
  readonly deviceSeconds: number;
  readonly pathSeconds: number;
}

/** How loaded each pool is; a pool that had no work yet is not named. */
export type Loads = Readonly<Partial<Record<Pool, LoadNumbers>>>;

/** What a tenant had used by a moment, in device-seconds; it decays from there. */
export interface TenantRow {
  readonly tenant: string;
  readonly deviceSeconds: number;
  readonly atMs: number;
}

/**
 * What work that began in a period has cost so far, once it has ended, in micro-dollars: a tenant's by day and month, and that of all
 * tenants together (`tenant` is empty) by hour and day.
 */
export interface SpendingRow {
  readonly tenant: string;
  readonly period: Period;
  /** When the period began. */
  readonly sinceMs: number;
  readonly microUsd: number;
  /** What of that went beyond what was reserved. */
  readonly overrunMicroUsd: number;
  /** The limit at which the breaker over all tenants opened in it; null where it has not. */
  readonly openedAtMicroUsd: number | null;
}

/** What a task asks beyond an amount of hardware, and what the policy made of it when it became ready. */
export interface TaskTerms {
  /** What the task itself asks, before any rule. */
  readonly asked: Pick<ReadyTask, 'request' | 'options' | 'placement'>;
  readonly options: readonly [Option, ...Option[]];
  readonly placement: Placement;
  /** When it may not start whatever is free. */
  readonly holds: readonly Held[];
  /** The policy's rules that matched, and the class that they gave it; null where they gave none. */
  readonly rules: readonly string[];
  readonly priorityClass: PriorityClass | null;
}

/** One execution of a workflow that asked. The newest of a workflow (highest `ordinal`) is the one that may ask. */
export interface ExecutionRow {
  readonly workflowId: string;
  readonly executionId: string;
  readonly runId: RunId;
  /** Counts resets: a continuation shares its predecessor's epoch. */
  readonly epoch: number;
  readonly ordinal: number;
  /** What the workflow last said of itself; its waiting tasks carry the same. */
  readonly priorityClass: PriorityClass;
  readonly paused: boolean;
  /** It has ended, so that it holds and awaits nothing. */
  readonly closed: boolean;
}

/** The newest state of one attempt of a task. */
export interface TaskRow {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly workflowId: string;
  readonly epoch: number;
  readonly state: AttemptState;
  readonly revision: number;
  readonly arrival: number;
  readonly priorityClass: PriorityClass;
  readonly paused: boolean;
  readonly request: ResourceRequest;
  /** Null where it asks for `request` alone, and no rule of the policy is for it. */
  readonly terms: TaskTerms | null;
  readonly features: Features;
  readonly estimateSeconds: number | null;
  readonly forecast: Forecast;
  /** How long it is taken to run: its P50, or what siblings that outrun theirs speak for. Null of old rows: the P50. */
  readonly takenSeconds: number | null;
  /** Work of earlier attempts that is kept; once it has ended, its own included. */
  readonly doneSeconds: number;
  /** Work of earlier attempts that had to be done again; once it has ended, its own included. */
  readonly lostSeconds: number;
  /** Earlier attempts that gave way. */
  readonly preemptions: number;
  /** Others give way for it. */
  readonly promised: boolean;
  /** What its next attempts ask for at least: an attempt ran out of memory, or was about to. */
  readonly moreMemoryBytes: number | null;
  readonly cacheHash: string | null;
  readonly suspectNodes: readonly NodeId[];
  readonly verdict: Verdict;
  readonly leaseId: LeaseId | null;
  readonly nodeId: NodeId | null;
  readonly taskQueue: string | null;
  readonly readyAtMs: number;
  readonly grantedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly error: TaskError | null;
  readonly usage: Usage | null;
}

/** A lease; `released` ones stay as history. */
export interface LeaseRow {
  readonly leaseId: LeaseId;
  readonly fencing: number;
  readonly pool: Pool;
  readonly nodeId: NodeId | null;
  readonly incarnation: number;
  readonly devices: readonly number[];
  readonly resources: Resources;
  readonly taskQueue: string;
  readonly state: LeaseState;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly workflowId: string;
  readonly grantedAtMs: number;
  readonly expectedEndP50Ms: number;
  readonly expectedEndP90Ms: number;
  readonly releasedAtMs: number | null;
  /** Null of old rows. */
  readonly tenant: string | null;
  /** The waiting attempt that gets what it frees, and since when it gives way. */
  readonly givesWayTo: string | null;
  readonly preemptingAtMs: number | null;
  /** When the newest work was done that a checkpoint keeps. */
  readonly checkpointAtMs: number | null;
  /** How much of its unkept work it is expected to lose if it gives way, as known at the grant: from 0 to 1. */
  readonly lossShare: number;
  /** Since when its task has been about to need more memory than it holds. */
  readonly memoryPressureAtMs: number | null;
  /** Its task was overdue when it was granted. */
  readonly overdue: boolean;
  /** What it costs, by the prices at its grant; 0 of old rows. */
  readonly microUsdPerHour: number;
  /** What was reserved for it at its grant: its cost at P90. */
  readonly reservedMicroUsd: number;
  /** What is counted for it beyond that, since it has outrun its P90. */
  readonly overrunMicroUsd: number;
}

/** A registered node. When it was last seen stands beside it in the table, written by heartbeats alone. */
export interface NodeRow {
  readonly nodeId: NodeId;
  /** SHA-256 of the secret in the node's folder. */
  readonly keyHash: string;
  readonly pool: Pool;
  readonly capacity: Resources;
  readonly state: NodeState;
  readonly incarnation: number;
  /** The worker process that registered it; null of workers that do not tell. */
  readonly bootId: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly virtualDevices: boolean;
  readonly registeredAtMs: number;
  /** What holds for it until it registers again, whatever policy is in force. Null of old rows. */
  readonly told: NodeTiming | null;
  /** Its worker says that it takes no new work. */
  readonly leaving: boolean;
  /** A person says so, until they take it back, whatever its worker does. */
  readonly drained: DatedAct | null;
}

/** What a node was told when it registered, in seconds: how often it says that it lives, and after which silence it is fenced. */
export interface NodeTiming {
  readonly heartbeatSeconds: number;
  readonly selfFenceSeconds: number;
  readonly graceSeconds: number;
}

/** What a breaker guards: a node, a whole pool, a service outside. */
export type BreakerScope = `node/${string}` | `pool/${Pool}` | `endpoint/${string}`;

/** A breaker that has counted something. */
export interface BreakerRow extends Breaker {
  readonly scope: BreakerScope;
  /** How many attempts it lets through until it is looked at again; null: as many as there is room for. */
  readonly startsLeft: number | null;
}

/** An act that stands, and since when. */
export interface DatedAct extends Act {
  readonly atMs: number;
}

/** A pause; one that has ended stays until the next of its scope and cause. */
export interface PauseRow extends Pause {
  readonly endedAtMs: number | null;
}

/** One line of the ordered log. Numbers come from the head's counter: who has seen n has seen all before it. */
export interface EventRow {
  readonly number: number;
  readonly atMs: number;
  readonly kind: EventKind;
  readonly runId: RunId | null;
  readonly taskKey: TaskKey | null;
  readonly attempt: number | null;
  readonly nodeId: NodeId | null;
  readonly policyVersion: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
export type EventKind =
  | 'run-created'
  | 'run-ended'
  | 'run-reset'
  | 'granted'
  | 'deferred'
  | 'rejected'
  | 'reused'
  | 'revoked'
  | 'ended'
  | 'released'
  | 'withdrawn'
  | 'budget-overrun'
  | 'spending-stopped'
  | 'preempting'
  | 'promised'
  | 'memory-pressure'
  | 'out-of-memory'
  | 'deadline-at-risk'
  | 'deadline-safe'
  | 'deadline-missed'
  | 'deadline-raised'
  | 'node-registered'
  | 'node-draining'
  | 'node-active'
  | 'node-lost'
  | 'breaker-opened'
  | 'breaker-trial'
  | 'breaker-ramp'
  | 'breaker-closed'
  | 'act'
  | 'pause-ended'
  | 'policy-activated';

/** One settled attempt, what forecasts learn from. Each lease settles at most once. */
export interface ObservationRow {
  readonly number: number;
  readonly leaseId: LeaseId;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly pipeline: string;
  readonly task: string;
  readonly pool: Pool;
  readonly tenant: string;
  readonly features: Features;
  readonly estimateSeconds: number | null;
  readonly outcome: Outcome;
  readonly runtimeSeconds: number;
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
  readonly lostSeconds: number | null;
  /** Of one that gave way: work that no checkpoint was known to keep. */
  readonly unsafeSeconds: number | null;
  readonly endedAtMs: number;
  /** The forecast that the task was placed by, so that forecasts can be judged. */
  readonly forecast: Forecast;
}

/** A result that other runs may use again. */
export interface ResultRow {
  readonly hash: string;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly storedAtMs: number;
}

/** An effect to deliver. */
export interface OutboxRow {
  readonly kind: 'start-run' | 'signal';
  readonly runId: RunId;
  readonly workflowId: string;
  readonly name: string | null;
  readonly payload: unknown;
  readonly dueAtMs: number;
}

/** A policy that was in force at some time, as it was written. Stored once for each content. */
export interface PolicyRow {
  readonly version: string;
  readonly name: string;
  readonly text: string;
  readonly storedAtMs: number;
}

/** A policy comes into force, under the number of its event. */
export interface ActivationRow {
  readonly number: number;
  readonly version: string;
  /** What was in force until then; null before the first. */
  readonly replaced: string | null;
  readonly kind: 'start' | 'activate' | 'rollback';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/**
 * A planner cycle as it was, or a part of the snapshot that its recording begins with: that has no number, scope or plan. What is
 * JSON is kept as text, so that not a byte of it changes. See `RecordedCycle`.
 */
export interface CycleRow {
  /** The recording that it belongs to: of one process, under one policy. */
  readonly writer: string;
  readonly sequence: number;
  readonly base: number;
  /** Its place in the ordered log, before the events of what it decided. */
  readonly number: number | null;
  readonly atMs: number;
  readonly policyVersion: string;
  readonly plannerVersion: string | null;
  readonly changes: string;
  readonly scope: string | null;
  readonly plan: string | null;
}

/** What a run was started with: the `RunSpec` as JSON text, for `jsonb` would forget the order of a document's tasks. */
export interface SpecRow {
  readonly runId: RunId;
  readonly spec: string;
}

/** The head: its row lock is the planner's lock, its version names the state, its counters number what is ordered. */
export interface Head {
  readonly version: number;
  readonly events: number;
  readonly fencing: number;
  readonly arrivals: number;
  /** The same for every process, over any restart. */
  readonly loads: Loads;
  /** The policy in force; empty before the first. */
  readonly policyVersion: string;
}

/** The tables whose current rows have an image in the process. */
export interface HotRows {
  runs: RunRow;
  works: WorkRow;
  tenants: TenantRow;
  spending: SpendingRow;
  executions: ExecutionRow;
  tasks: TaskRow;
  leases: LeaseRow;
  nodes: NodeRow;
  breakers: BreakerRow;
  pauses: PauseRow;
}
/** The tables that are only added to. */
export interface LogRows {
  specs: SpecRow;
  events: EventRow;
  observations: ObservationRow;
  results: ResultRow;
  outbox: OutboxRow;
  policies: PolicyRow;
  activations: ActivationRow;
  cycles: CycleRow;
}

type SqlType = 'text' | 'bigint' | 'integer' | 'boolean' | 'jsonb' | 'double precision';
type Columns<Row> = { readonly [Column in keyof Row]: SqlType };

/** The hot tables: their keys, and the columns that a commit writes, each row with the head's version. */
export const HOT: {
  readonly [Table in keyof HotRows]: {
    readonly key: readonly (keyof HotRows[Table] & string)[];
    readonly columns: Columns<HotRows[Table]>;
  };
} = {
  runs: {
    key: ['runId'],
    columns: {
      runId: 'text',
      pipeline: 'text',
      tenant: 'text',
      priorityClass: 'text',
      status: 'text',
      paused: 'boolean',
      deadlineAtMs: 'bigint',
      createdAtMs: 'bigint',
      endedAtMs: 'bigint',
      error: 'jsonb',
      forecast: 'jsonb',
      outlook: 'jsonb',
      idempotencyKey: 'text',
      specHash: 'text',
      orders: 'jsonb',
    },
  },
  works: {
    key: ['runId'],
    columns: { runId: 'text', loads: 'jsonb', leadSeconds: 'double precision', tasks: 'jsonb' },
  },
  tenants: {
    key: ['tenant'],
    columns: { tenant: 'text', deviceSeconds: 'double precision', atMs: 'bigint' },
  },
  spending: {
    key: ['tenant', 'period', 'sinceMs'],
    columns: {
      tenant: 'text',
      period: 'text',
      sinceMs: 'bigint',
      microUsd: 'bigint',
      overrunMicroUsd: 'bigint',
      openedAtMicroUsd: 'bigint',
    },
  },
  executions: {
    key: ['workflowId', 'executionId'],
    columns: {
      workflowId: 'text',
      executionId: 'text',
      runId: 'text',
      epoch: 'integer',
      ordinal: 'bigint',
      priorityClass: 'text',
      paused: 'boolean',
      closed: 'boolean',
    },
  },
  tasks: {
    key: ['runId', 'taskKey', 'attempt'],
    columns: {
      runId: 'text',
      taskKey: 'text',
      attempt: 'integer',
      workflowId: 'text',
      epoch: 'integer',
      state: 'text',
      revision: 'integer',
      arrival: 'bigint',
      priorityClass: 'text',
      paused: 'boolean',
      request: 'jsonb',
      terms: 'jsonb',
      features: 'jsonb',
      estimateSeconds: 'double precision',
      forecast: 'jsonb',
      takenSeconds: 'double precision',
      doneSeconds: 'double precision',
      lostSeconds: 'double precision',
      preemptions: 'integer',
      promised: 'boolean',
      moreMemoryBytes: 'bigint',
      cacheHash: 'text',
      suspectNodes: 'jsonb',
      verdict: 'jsonb',
      leaseId: 'text',
      nodeId: 'text',
      taskQueue: 'text',
      readyAtMs: 'bigint',
      grantedAtMs: 'bigint',
      startedAtMs: 'bigint',
      endedAtMs: 'bigint',
      outputs: 'jsonb',
      error: 'jsonb',
      usage: 'jsonb',
    },
  },
  leases: {
    key: ['leaseId'],
    columns: {
      leaseId: 'text',
      fencing: 'bigint',
      pool: 'text',
      nodeId: 'text',
      incarnation: 'integer',
      devices: 'jsonb',
      resources: 'jsonb',
      taskQueue: 'text',
      state: 'text',
      runId: 'text',
      taskKey: 'text',
      attempt: 'integer',
      workflowId: 'text',
      grantedAtMs: 'bigint',
      expectedEndP50Ms: 'bigint',
      expectedEndP90Ms: 'bigint',
      releasedAtMs: 'bigint',
      tenant: 'text',
      givesWayTo: 'text',
      preemptingAtMs: 'bigint',
      checkpointAtMs: 'bigint',
      lossShare: 'double precision',
      memoryPressureAtMs: 'bigint',
      overdue: 'boolean',
      microUsdPerHour: 'bigint',
      reservedMicroUsd: 'bigint',
      overrunMicroUsd: 'bigint',
    },
  },
  nodes: {
    key: ['nodeId'],
    columns: {
      nodeId: 'text',
      keyHash: 'text',
      pool: 'text',
      capacity: 'jsonb',
      state: 'text',
      incarnation: 'integer',
      bootId: 'text',
      labels: 'jsonb',
      virtualDevices: 'boolean',
      registeredAtMs: 'bigint',
      told: 'jsonb',
      leaving: 'boolean',
      drained: 'jsonb',
    },
  },
  breakers: {
    key: ['scope'],
    columns: {
      scope: 'text',
      state: 'text',
      sinceMs: 'bigint',
      trialAtMs: 'bigint',
      openings: 'integer',
      recent: 'jsonb',
      startsLeft: 'integer',
    },
  },
  pauses: {
    key: ['scope', 'cause'],
    columns: {
      scope: 'text',
      cause: 'text',
      by: 'text',
      reason: 'text',
      atMs: 'bigint',
      untilMs: 'bigint',
      endedAtMs: 'bigint',
    },
  },
};

/** The tables that are only added to, in the columns that a commit writes. */
export const LOGS: { readonly [Table in keyof LogRows]: Columns<LogRows[Table]> } = {
  specs: { runId: 'text', spec: 'text' },
  events: {
    number: 'bigint',
    atMs: 'bigint',
    kind: 'text',
    runId: 'text',
    taskKey: 'text',
    attempt: 'integer',
    nodeId: 'text',
    policyVersion: 'text',
    detail: 'jsonb',
  },
  observations: {
    number: 'bigint',
    leaseId: 'text',
    runId: 'text',
    taskKey: 'text',
    attempt: 'integer',
    pipeline: 'text',
    task: 'text',
    pool: 'text',
    tenant: 'text',
    features: 'jsonb',
    estimateSeconds: 'double precision',
    outcome: 'text',
    runtimeSeconds: 'double precision',
    peakMemoryBytes: 'double precision',
    cpuSeconds: 'double precision',
    lostSeconds: 'double precision',
    unsafeSeconds: 'double precision',
    endedAtMs: 'bigint',
    forecast: 'jsonb',
  },
  results: { hash: 'text', runId: 'text', taskKey: 'text', outputs: 'jsonb', storedAtMs: 'bigint' },
  outbox: {
    kind: 'text',
    runId: 'text',
    workflowId: 'text',
    name: 'text',
    payload: 'jsonb',
    dueAtMs: 'bigint',
  },
  policies: { version: 'text', name: 'text', text: 'text', storedAtMs: 'bigint' },
  activations: {
    number: 'bigint',
    version: 'text',
    replaced: 'text',
    kind: 'text',
    by: 'text',
    reason: 'text',
    atMs: 'bigint',
  },
  cycles: {
    writer: 'text',
    sequence: 'bigint',
    base: 'bigint',
    number: 'bigint',
    atMs: 'bigint',
    policyVersion: 'text',
    plannerVersion: 'text',
    changes: 'text',
    scope: 'text',
    plan: 'text',
  },
};

export const HOT_NAMES = Object.keys(HOT) as (keyof HotRows)[];
export const LOG_NAMES = Object.keys(LOGS) as (keyof LogRows)[];

/** A column's name in the database: `runId` is `run_id`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
